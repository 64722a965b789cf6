from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pocketlens
from builders import COLORS, with_properties
from pocketlens.metadata import KEY
from pocketlens.pictures.preprocessing import Preprocessing

keras = pytest.importorskip("keras")
pytest.importorskip("tf2onnx")

from pocketlens_export.conversion import convert
from pocketlens_export.graph_checks import check_graph


def test_layers_that_conversions_are_known_to_break(tmp_path: Path) -> None:
    layers = keras.layers
    keras.utils.set_random_seed(1)
    normalization = layers.Normalization()
    normalization.adapt(np.random.default_rng(0).uniform(0, 255, (64, 16, 16, 3)))
    image = keras.Input((16, 16, 3), dtype="uint8")
    x = layers.RandomFlip("horizontal")(image)
    x = layers.RandomRotation(0.2)(x)
    x = normalization(x)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(moving_variance_initializer="ones")(x)
    x = layers.DepthwiseConv2D(3, padding="same")(layers.ReLU(6.0)(x))
    x = layers.Add()([x, layers.Dropout(0.5)(x)])
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(image, layers.Dense(3, activation="softmax")(x))

    heads = keras.Model(image, {"probabilities": model.output})
    metadata = replace(COLORS, preprocessing=Preprocessing((16, 16), "rgb"))
    converted = convert(heads)
    check_graph(converted, {"probabilities"})
    file = tmp_path / "m.onnx"
    file.write_bytes(with_properties(converted.SerializeToString(), {KEY: metadata.to_json()}))
    pictures = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), np.uint8)
    expected = model.predict(pictures, verbose=0)
    got = [list(p.scores.values()) for p in pocketlens.load_model(file).predict(list(pictures))]
    assert np.ptp(expected, axis=0).min() > 1e-3
    np.testing.assert_allclose(got, expected, atol=1e-5)

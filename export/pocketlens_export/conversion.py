"""model.keras -> an ONNX graph of what the trained network itself knows."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from typing import Any

import keras
import onnx
import tensorflow as tf
import tf2onnx
from keras import layers, ops

from pocketlens.engine.session import INPUT_NAME
from pocketlens.errors import ExportError, ModelError
from pocketlens.features.extractor import FEATURES
from pocketlens_export.graph import LOGITS, OPSET, PLACES
from pocketlens_export.model_file import versions_of_runtime


def load_keras(path: Path) -> Any:
    """Loads a .keras file of stock layers.

    Raises:
        ModelError: The file is none, or holds code or layers that are not Keras' own.
    """
    if not zipfile.is_zipfile(path):
        raise ModelError(f"{path}: is damaged, expected the model.keras of a finished run")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError) as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ModelError(
            f"{path}: Keras {keras.__version__} cannot load it ({reason}); "
            "expected the model.keras of a finished run"
        ) from error


def take_apart(model: Any, labels: int) -> Any:
    """The trained network with its inner outputs.

    A network without a layer "activation_map" has the logarithms of its probabilities as logits.

    Args:
        model: What load_keras() gave.
        labels: The number of classes; one more output is that of outliers.

    Returns:
        A Keras model of a dict: "logits" (N x outputs) and, where the network has them, "places"
        (N x h x w x outputs), how much each place speaks for each output, and "features" (N x D),
        the pooled bottleneck, where it does not know outliers.
    """
    if not {"activation_map", "bottleneck"} <= {layer.name for layer in model.layers}:
        image = keras.Input(model.input_shape[1:], dtype="uint8")
        probabilities = model(image, training=False)
        return keras.Model(image, {LOGITS: ops.log(ops.maximum(probabilities, 1e-30))})
    places = model.get_layer("activation_map").output
    outputs = {LOGITS: layers.GlobalAveragePooling2D()(places), PLACES: places}
    if places.shape[-1] == labels:
        bottleneck = model.get_layer("bottleneck").output
        outputs[FEATURES] = layers.GlobalAveragePooling2D()(bottleneck)
    return keras.Model(model.input, outputs)


def convert(network: Any) -> onnx.ModelProto:
    """Converts a network to ONNX: `image` (uint8, N x H x W x C) in, a dict of named outputs out.

    Wrapped with training=False, dropout and augmentation layers fall away. Signature and dict name
    input and outputs where tf2onnx does not find the layers' names, as under Keras 3.12.
    """
    input_shape = network.input_shape[1:]
    image = keras.Input(input_shape, name=INPUT_NAME, dtype="uint8")
    named = {
        name: layers.Identity(name=name, dtype="float32")(output)
        for name, output in network(image, training=False).items()
    }
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    try:
        converted: onnx.ModelProto = tf2onnx.convert.from_keras(
            keras.Model(image, named),
            input_signature=[tf.TensorSpec((None, *input_shape), tf.uint8, name=INPUT_NAME)],
            opset=OPSET,
        )[0]
    except Exception as error:  # whatever tf2onnx and TensorFlow stumble over
        raise ExportError(f"tf2onnx cannot convert the network ({error!r})") from error
    return converted


def versions() -> dict[str, str]:
    """Of what exports."""
    return {
        "export keras": keras.__version__,
        "export tensorflow": tf.__version__,
        "tf2onnx": tf2onnx.__version__,
        **versions_of_runtime(),
    }

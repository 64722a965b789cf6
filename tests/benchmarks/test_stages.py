"""What each stage of a prediction takes; run with --benchmark-enable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pocketlens
from pocketlens.engine.network import Network
from pocketlens.engine.session import INPUT_NAME, OUTPUT_NAME
from pocketlens.pictures.decoding import decode
from pocketlens.pictures.formats import read_header
from pocketlens.pictures.preprocessing import network_input, preprocess
from pocketlens.tools.bench import generated_jpeg

BUNDLED = pocketlens.loading.BUNDLED_MODEL


@pytest.fixture(scope="module")
def model() -> pocketlens.Classifier:
    return pocketlens.load_model(intra_op_num_threads=1)


@pytest.fixture(scope="module")
def photo(photos: list[Path]) -> bytes:
    return next(path for path in photos if path.suffix == ".jpg").read_bytes()


@pytest.fixture(scope="module")
def large_photo() -> bytes:
    """Twelve megapixels."""
    return generated_jpeg(3000, 4000)


def test_header(benchmark: Any, photo: bytes) -> None:
    assert benchmark(read_header, photo).is_jpeg


def test_decode(benchmark: Any, photo: bytes) -> None:
    assert benchmark(decode, photo).ndim == 3


def test_decode_reduced(benchmark: Any, model: pocketlens.Classifier, large_photo: bytes) -> None:
    enough = model.metadata.preprocessing.min_decoded_size
    assert benchmark(decode, large_photo, min_size=enough).shape == (375, 500, 3)


def test_preprocess(benchmark: Any, model: pocketlens.Classifier, photo: bytes) -> None:
    recipe = model.metadata.preprocessing
    assert benchmark(preprocess, decode(photo), recipe).shape == recipe.input_shape


@pytest.mark.parametrize("batch_size", [1, 16])
def test_session(
    benchmark: Any, model: pocketlens.Classifier, photo: bytes, batch_size: int
) -> None:
    network = Network(BUNDLED.read_bytes())
    batch = np.stack([network_input(photo, model.metadata.preprocessing)] * batch_size)
    (probabilities,) = benchmark(network.run, [OUTPUT_NAME], {INPUT_NAME: batch})
    assert probabilities.shape == (batch_size, len(model.labels))


@pytest.mark.parametrize("batch_size", [1, 16])
def test_predict(
    benchmark: Any, model: pocketlens.Classifier, photo: bytes, batch_size: int
) -> None:
    assert len(benchmark(model.predict, [photo] * batch_size)) == batch_size


def test_predict_large_photo(
    benchmark: Any, model: pocketlens.Classifier, large_photo: bytes
) -> None:
    assert benchmark(model.predict, large_photo).score > 0


@pytest.mark.parametrize("workers", [1, 2])
def test_predict_many(
    benchmark: Any, model: pocketlens.Classifier, photo: bytes, workers: int
) -> None:
    def answers() -> int:
        return sum(1 for _ in model.predict_many([photo] * 64, workers=workers))

    assert benchmark(answers) == 64


def test_load_model(benchmark: Any) -> None:
    assert benchmark(pocketlens.load_model).labels

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from builders import plain
from pocketlens.errors import ModelError
from pocketlens.pictures.preprocessing import Preprocessing, preprocess

PREPROCESSING = Preprocessing((10, 20), "rgb")


def test_area_resize_is_the_mean_of_the_pixels_covered() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 80, 3), np.uint8)
    means = picture.reshape(10, 3, 20, 4, 3).mean(axis=(1, 3))
    assert np.abs(preprocess(picture, PREPROCESSING) - means).max() <= 0.51


def test_grayscale_is_luma() -> None:
    grey = preprocess(plain(255, 0, 0), replace(PREPROCESSING, color_mode="grayscale"))
    assert grey.shape == (10, 20, 1)
    assert grey.dtype == np.uint8
    assert set(grey.ravel().tolist()) == {76}


@pytest.mark.parametrize("size", [(1, 1), (1, 8000), (10, 20), (4000, 3)])
def test_any_picture_size(size: tuple[int, int]) -> None:
    result = preprocess(plain(9, 8, 7, size), PREPROCESSING)
    assert result.shape == PREPROCESSING.input_shape == (10, 20, 3)
    assert result[5, 5].tolist() == [9, 8, 7]


def test_dict_round_trip() -> None:
    assert Preprocessing.from_dict(PREPROCESSING.to_dict()) == PREPROCESSING


@pytest.mark.parametrize(
    "change",
    [
        {"interpolation": "lanczos"},
        {"color_mode": "hsv"},
        {"crop_mode": "middle"},
        {"crop_mode": ["squash"]},
        {"input_size": [0, 10]},
        {"input_size": [10.5, 10]},
        {"input_size": "10x10"},
        {"mean": [0.5, 0.5, 0.5]},
    ],
)
def test_preprocessing_that_cannot_be_executed_exactly_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        Preprocessing.from_dict(PREPROCESSING.to_dict() | change)


def test_preprocessing_with_a_key_missing_is_refused() -> None:
    fields = PREPROCESSING.to_dict()
    del fields["interpolation"]
    with pytest.raises(ModelError, match="executes exactly"):
        Preprocessing.from_dict(fields)

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("sklearn")

from builders import encode
from pocketlens.decoding import decode
from pocketlens_train.duplicates import near_duplicates


def scene(seed: int) -> np.ndarray:
    """A picture with large shapes, as photos have."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (120, 100), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_recompressed_and_resized_pictures_are_found() -> None:
    others = np.stack([scene(seed) for seed in range(50)])
    recompressed = decode(encode(others[7], ".jpg"))
    resized = cv2.resize(cv2.resize(others[9], (60, 50)), (120, 100))
    brighter = np.clip(others[11].astype(int) + 2, 0, 255).astype(np.uint8)
    pictures = np.stack([scene(100), recompressed, resized, brighter, scene(101)])
    found = near_duplicates(pictures, others, np.arange(50))
    assert found.tolist() == [False, True, True, True, False]
    assert (
        near_duplicates(pictures, others, np.array([9])).tolist()
        == [False, False, True] + [False] * 2
    )


def test_flat_pictures_of_other_brightness_are_not_the_same() -> None:
    flat = np.stack([np.full((16, 16, 1), value, np.uint8) for value in (10, 60, 200)])
    assert near_duplicates(flat[:1], flat, np.array([1, 2])).tolist() == [False]
    assert near_duplicates(flat[:1], flat, np.array([0, 2])).tolist() == [True]


def test_icons_of_another_shape_are_not_the_same() -> None:
    circle, square = (np.full((128, 128, 1), 255, np.uint8) for _ in range(2))
    cv2.circle(circle, (64, 64), 40, (0,), -1)
    cv2.rectangle(square, (28, 28), (100, 100), (0,), -1)
    icons = np.stack([circle, square])
    assert near_duplicates(icons, icons[::-1], np.array([0])).tolist() == [False, True]

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("sklearn")

from builders import encode
from pocketlens.pictures.decoding import decode
from pocketlens_train.duplicates import near_duplicates


def scene(seed: int) -> Any:
    """A picture with large shapes, as photos have."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (120, 100), interpolation=cv2.INTER_CUBIC), np.uint8)


def compressed(picture: Any) -> Any:
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1)


def found(pictures: Any, others: Any, rows: Any = None) -> list[bool]:
    """Of pictures that are all of one class."""
    kinds = np.zeros(len(pictures), int), np.zeros(len(others), int)
    rows = np.arange(len(others)) if rows is None else np.array(rows)
    return [bool(row) for row in near_duplicates(pictures, kinds[0], [others], kinds[1], rows)]


def test_recompressed_and_resized_pictures_are_found() -> None:
    others = np.stack([scene(seed) for seed in range(50)])
    recompressed = decode(encode(others[7], ".jpg"))
    resized = cv2.resize(cv2.resize(others[9], (60, 50)), (120, 100))
    brighter = np.clip(others[11].astype(int) + 2, 0, 255).astype(np.uint8)
    pictures = np.stack([scene(100), recompressed, resized, brighter, scene(101)])
    assert found(pictures, others) == [False, True, True, True, False]
    assert found(pictures, others, [9]) == [False, False, True, False, False]


def test_several_copies_of_one_picture_are_found() -> None:
    copies = [decode(encode(scene(7), extension)) for extension in (".jpg", ".png", ".webp")]
    others = np.stack([scene(seed) for seed in range(20)] + copies)
    assert found(scene(7)[None], others) == [True]


def test_copy_in_another_class_is_no_repeat() -> None:
    others = np.stack([scene(seed) for seed in range(4)])
    kinds = np.array([0, 0, 1, 1])
    picture, rows = others[2:3], np.arange(4)
    assert near_duplicates(picture, np.array([1]), [others], kinds, rows).tolist() == [True]
    assert near_duplicates(picture, np.array([0]), [others], kinds, rows).tolist() == [False]


def test_flat_pictures_of_other_brightness_are_not_the_same() -> None:
    flat = np.stack([np.full((16, 16, 1), value, np.uint8) for value in (10, 60, 200)])
    assert found(flat[:1], flat, [1, 2]) == [False]
    assert found(flat[:1], flat, [0, 2]) == [True]


def test_icons_of_another_shape_are_not_the_same() -> None:
    circle, square = (np.full((128, 128, 1), 255, np.uint8) for _ in range(2))
    cv2.circle(circle, (64, 64), 40, (0,), -1)
    cv2.rectangle(square, (28, 28), (100, 100), (0,), -1)
    icons = np.stack([circle, square])
    assert found(icons, icons[::-1], [0]) == [False, True]


def test_camera_that_never_moves() -> None:
    """Every picture another item on the same belt; copies among them are found all the same."""
    random = np.random.default_rng(0)
    belt = cv2.resize(scene(1), (320, 240), interpolation=cv2.INTER_CUBIC)

    def item() -> Any:
        picture = belt.copy()
        x, y = (int(value) for value in random.integers((140, 100), (180, 140)))
        angle = random.uniform(0, np.pi)
        across, down = int(25 * np.cos(angle)), int(25 * np.sin(angle))
        cv2.circle(picture, (x, y), 30, (40 + int(random.integers(0, 30)), 90, 120), -1)
        cv2.line(picture, (x - across, y - down), (x + across, y + down), (240, 240, 240), 3)
        noise = random.normal(0, 4, picture.shape)
        return np.clip(picture + noise, 0, 255).astype(np.uint8)

    others, pictures = (np.stack([item() for _ in range(40)]) for _ in range(2))
    assert sum(found(pictures, others)) <= 4
    recompressed = [compressed(picture) for picture in others]
    small = [cv2.resize(picture, (100, 75), interpolation=cv2.INTER_AREA) for picture in others]
    resized = [cv2.resize(compressed(picture), (320, 240)) for picture in small]
    assert sum(found(np.stack(recompressed), others)) >= 39
    assert sum(found(np.stack(resized), others)) >= 36

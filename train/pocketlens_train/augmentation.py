"""Random crops, flips, brightness and loss of colour, on uint8 pixels through cv2."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.pictures.decoding import Pixels
from pocketlens_train.recipe import Augmentation

Boxes = npt.NDArray[np.float64]


def draw_boxes(count: int, min_area: float, seed: int, variant: int) -> Boxes:
    """Draws a crop for each picture; the same seed and variant give the same crops.

    Returns:
        count x 4: top, left, height and width as shares of the picture's sides, of an area
        between `min_area` and 1 and a ratio of the sides between 3/4 and 4/3.
    """
    random = np.random.default_rng([seed, variant])
    area = random.uniform(min_area, 1, count)
    ratio = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3), count) / 2)
    sides = np.sqrt(area)[:, None] * np.stack([ratio, 1 / ratio], axis=1)
    sides = sides.clip(max=1)
    corners = random.uniform(0, 1, (count, 2)) * (1 - sides)
    return np.concatenate([corners, sides], axis=1)


def crop(pixels: Pixels, box: Boxes) -> Pixels:
    """The part of a picture (H x W x C) that a box shows."""
    height, width = pixels.shape[:2]
    top, left = round(box[0] * height), round(box[1] * width)
    rows, columns = max(1, round(box[2] * height)), max(1, round(box[3] * width))
    return pixels[top : top + rows, left : left + columns]


def distort(pixels: Pixels, augmentation: Augmentation, random: np.random.Generator) -> Pixels:
    """Flips and recolours a network input of shape H x W x C."""
    flip, grey, dim = random.random(3)
    shape = pixels.shape
    if augmentation.mirror and flip < 0.5:
        pixels = np.asarray(cv2.flip(pixels, 1), np.uint8).reshape(shape)
    if grey < augmentation.grayscale and shape[2] == 3:
        pixels = np.repeat(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))[..., None], 3, 2)
    if dim < 0.5:
        factor = np.exp(random.uniform(*np.log(augmentation.brightness)))
        pixels = np.asarray(cv2.convertScaleAbs(pixels, alpha=float(factor)), np.uint8)
    return pixels.reshape(shape)

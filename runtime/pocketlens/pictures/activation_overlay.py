"""Where the network looked, laid over the picture."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.errors import InputTypeError, SettingError
from pocketlens.pictures.cutting import Box
from pocketlens.pictures.decoding import ImageInput, Pixels, decode
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens.prediction import ActivationMap


def overlay(
    image: ImageInput,
    activation_map: ActivationMap,
    class_index: int,
    *,
    alpha: float = 0.5,
    preprocessing: Preprocessing | None = None,
) -> Pixels:
    """Colours a picture by what speaks for a class there, against the mean of the others.

    Blue places say little, red ones most; the colours are scaled to each picture.

    Args:
        image: What predict() takes.
        activation_map: h x w x K, from predict(..., explain=True).
        class_index: The class's place among the model's labels.
        alpha: The share of the colours, 0 to 1; the picture has the rest.
        preprocessing: That of the model, `model.metadata.preprocessing`: only the part of the
            picture that the network saw is coloured. None: it saw all of it, squashed.

    Returns:
        RGB, uint8, H x W x 3.

    Raises:
        ImageError: The picture cannot be decoded.
        InputTypeError: `image` is no picture, or there is no map.
        SettingError: There is no such class, or alpha is none from 0 to 1.
    """
    pixels = decode(image)
    if not 0 <= alpha <= 1:
        raise SettingError(f"alpha={alpha!r}, expected a number from 0 to 1")
    smooth, seen = levels(pixels.shape[:2], activation_map, class_index, preprocessing)
    colours = cv2.cvtColor(cv2.applyColorMap(smooth, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    shown = pixels.copy()
    shown[seen.slices] = cv2.addWeighted(colours, alpha, pixels[seen.slices], 1 - alpha, 0)
    return shown


def levels(
    size: tuple[int, int],
    activation_map: ActivationMap,
    class_index: int,
    preprocessing: Preprocessing | None = None,
) -> tuple[npt.NDArray[np.uint8], Box]:
    """How much each place of a picture speaks for a class, 0 to 255, scaled to each picture.

    Args:
        size: Height and width of the picture.
        activation_map: As for overlay(), like the rest.
        class_index: The class's place among the model's labels.
        preprocessing: That of the model.

    Returns:
        The levels, of the shape of the part that the network saw, and that part.

    Raises:
        InputTypeError: There is no map.
        SettingError: There is no such class.
    """
    if not isinstance(activation_map, np.ndarray) or activation_map.ndim != 3:
        raise InputTypeError(
            "got no activation map, expected that of predict(..., explain=True); a model whose "
            "network has none cannot show where it looked"
        )
    classes = activation_map.shape[2]
    if not isinstance(class_index, (int, np.integer)) or not 0 <= class_index < classes:
        raise SettingError(f"class_index={class_index!r}, expected 0 to {classes - 1}")
    others = np.delete(activation_map, class_index, axis=2).mean(axis=2)
    speaks = activation_map[..., class_index] - others
    seen = Box(0, 0, *size)
    if preprocessing is not None:
        speaks = _without_bars(speaks, preprocessing, seen.size)
        seen = preprocessing.seen(seen.size)
    spread = float(np.ptp(speaks)) or 1.0
    scaled = np.nan_to_num((speaks - speaks.min()) / spread * 255).astype(np.uint8)
    smooth = cv2.resize(scaled, seen.size[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth, np.uint8), seen


def _without_bars(
    speaks: npt.NDArray[np.float32], preprocessing: Preprocessing, size: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """The map of the part of the input that shows a picture of that size, and no black bar."""
    filled, whole = preprocessing.filled(size), preprocessing.input_size
    if filled.size == whole:
        return speaks
    large = cv2.resize(speaks, whole[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.float32)[filled.slices]

"""The channels that a file holds -> RGB of 8 bits, over white, upright."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.pictures.depth import OWN_RANGE, note_low_range, stretched
from pocketlens.pictures.formats import Header

_BAND = 256


def to_rgb(pixels: npt.NDArray[Any], header: Header, depth: str) -> npt.NDArray[np.uint8]:
    """Makes RGB of a file's own channels.

    Args:
        pixels: H x W, grey, or H x W x 3 or 4, BGR or BGRA; uint8 or uint16.
        header: What the file says of itself.
        depth: See decode().
    """
    is_deep = pixels.dtype == np.uint16
    colors = pixels[..., :3] if pixels.ndim == 3 else pixels
    transparent = None if header.transparent_grey is None else colors == header.transparent_grey
    if is_deep and depth == OWN_RANGE:
        colors = stretched(colors)
    elif header.white:
        colors = _scaled(colors, header.white)
    elif is_deep:
        note_low_range(colors)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return over_white(colors[..., ::-1], pixels[..., 3:], header.premultiplied)
    if colors.dtype == np.uint16:
        colors = (colors >> 8).astype(np.uint8)
    if header.white_is_zero:
        colors = 255 - colors
    if transparent is not None:
        colors[transparent] = 255
    code = cv2.COLOR_GRAY2RGB if colors.ndim == 2 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(colors, code), np.uint8)


def _scaled(colors: npt.NDArray[Any], white: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Colours in 8 bits where white, blue before green and red, has other values than usual."""
    planes = zip(cv2.split(colors), white, strict=False)
    scaled = [cv2.convertScaleAbs(plane, alpha=255 / most) for plane, most in planes]
    return np.asarray(cv2.merge(scaled), np.uint8)


def over_white(
    colors: npt.NDArray[Any], alpha: npt.NDArray[Any], premultiplied: bool = False
) -> npt.NDArray[np.uint8]:
    """Lays RGB, HxWx3, with alpha, HxWx1, over white; both uint8, or both uint16."""
    rgb = np.empty(colors.shape, np.uint8)
    # In bands: the sums take several times the memory of the picture.
    for top in range(0, len(rgb), _BAND):
        band = slice(top, top + _BAND)
        color, opaque = (
            part[band] >> 8 if part.dtype == np.uint16 else part[band].astype(np.uint16)
            for part in (colors, alpha)
        )
        if premultiplied:
            rgb[band] = np.minimum(color + (255 - opaque), 255)
        else:
            rgb[band] = (color * opaque + 255 * (255 - opaque) + 127) // 255
    return rgb


def upright(pixels: npt.NDArray[np.uint8], orientation: int) -> npt.NDArray[np.uint8]:
    """Undoes an EXIF orientation: 1 to 8; anything else counts as upright."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)

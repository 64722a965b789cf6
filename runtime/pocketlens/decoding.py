"""Anything that is a picture -> upright RGB pixels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.errors import FileError, FileMissingError, ImageError, InputTypeError

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels: TypeAlias = npt.NDArray[np.uint8]
ImageInput: TypeAlias = "str | os.PathLike[str] | bytes | npt.NDArray[np.uint8] | Image"

_JPEG_START = b"\xff\xd8"
_EXIF_ORIENTATION = 0x0112
_EXPECTED = "expected a path, encoded bytes, an RGB uint8 array (HxWx3 or HxW) or a PIL image"


def decode(image: ImageInput) -> Pixels:
    """Decodes a picture.

    Args:
        image: A path, the bytes of a picture file, an RGB uint8 array of shape HxWx3 or a grey
            one of shape HxW, or a PIL image. EXIF orientation is applied to JPEG and PIL images,
            elsewhere as far as OpenCV does; transparency is laid over white.

    Returns:
        RGB pixels, uint8, of shape HxWx3.

    Raises:
        FileMissingError: The path does not exist.
        FileError: The path is not a regular file or cannot be read.
        ImageError: The bytes are not a picture that OpenCV can decode, or the shape is wrong.
        InputTypeError: Another type of object, or an array that is not uint8.
    """
    if isinstance(image, (str, os.PathLike)):
        try:
            return _decode_bytes(read_bytes(image))
        except ImageError as error:
            raise ImageError(f"{os.fspath(image)}: {error}") from error
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _decode_bytes(bytes(image))
    if isinstance(image, np.ndarray):
        return _check_array(image)
    if callable(getattr(image, "getexif", None)):
        return _convert_pil(image)
    raise InputTypeError(f"got {type(image).__name__}, {_EXPECTED}")


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Reads a regular file whole.

    Raises:
        FileMissingError: The path does not exist.
        FileError: It is a folder or a device, or may not be read.
    """
    file = Path(path)
    try:
        if file.is_file():
            return file.read_bytes()
        exists = file.exists()
    except OSError as error:
        raise FileError(f"{file}: cannot be read ({error.strerror})") from error
    if not exists:
        raise FileMissingError(f"{file}: no such file")
    raise FileError(f"{file}: is a {'folder' if file.is_dir() else 'device or pipe'}, not a file")


def _decode_bytes(data: bytes) -> Pixels:
    if not data:
        raise ImageError("empty (0 bytes), expected a picture")
    buffer = np.frombuffer(data, np.uint8)
    # cv2 applies the EXIF orientation of a JPEG only under a colour flag,
    # and keeps the alpha channel of the other formats only under UNCHANGED.
    flag = cv2.IMREAD_COLOR_RGB if data.startswith(_JPEG_START) else cv2.IMREAD_UNCHANGED
    try:
        pixels: Any = cv2.imdecode(buffer, flag)
        if pixels is not None and flag == cv2.IMREAD_UNCHANGED:
            if pixels.dtype == np.uint16 and pixels.shape[2:] == (4,):
                pixels = (pixels >> 8).astype(np.uint8)
            if pixels.dtype == np.uint8 and pixels.shape[2:] == (4,):
                return _over_white(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA))
            pixels = cv2.imdecode(buffer, cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        reason = error.err or str(error)
        raise ImageError(f"cannot be decoded ({reason.strip()})") from error
    if pixels is None:
        raise ImageError(
            f"not a picture OpenCV can decode, or cut off ({len(data)} bytes); "
            "expected JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF"
        )
    return np.asarray(pixels, np.uint8)


def _check_array(array: npt.NDArray[Any]) -> Pixels:
    if array.dtype != np.uint8:
        raise InputTypeError(
            f"got an array of {array.dtype} and shape {array.shape}, "
            "expected uint8 with values 0 to 255"
        )
    is_rgb = array.ndim == 3 and array.shape[2] == 3
    if not (is_rgb or array.ndim == 2) or 0 in array.shape:
        raise ImageError(
            f"got an array of shape {array.shape}, expected HxWx3 (RGB) or HxW (grey); "
            "pass several pictures as a list"
        )
    pixels = np.ascontiguousarray(array)
    return pixels if is_rgb else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)


def _convert_pil(image: Image) -> Pixels:
    try:
        # Pillow turns a TIFF upright itself, on loading.
        image.load()
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
        if "A" in image.getbands() or "transparency" in image.info:
            pixels = _over_white(np.asarray(image.convert("RGBA")))
        elif image.mode.startswith("I;16"):
            pixels = _check_array((np.asarray(image) >> 8).astype(np.uint8))
        else:
            pixels = np.array(image.convert("RGB"))
    except (OSError, ValueError) as error:
        raise ImageError(f"the PIL image cannot be decoded ({error})") from error
    return _upright(pixels, orientation)


def _over_white(rgba: npt.NDArray[Any]) -> Pixels:
    alpha = rgba[..., 3:].astype(np.uint16)
    blended = (rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return blended.astype(np.uint8)


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undoes an EXIF orientation: 1 to 8; anything else counts as upright."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)

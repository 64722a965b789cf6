"""Anything that is a picture -> upright RGB pixels."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.errors import FormatError, ImageError, InputTypeError
from pocketlens.headers import Header, read_header
from pocketlens.reading import DEFAULT_LIMITS, Limits, read_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels: TypeAlias = npt.NDArray[np.uint8]
ImageInput: TypeAlias = "str | os.PathLike[str] | bytes | npt.NDArray[np.uint8] | Image"

_REDUCED_RGB = {
    1: cv2.IMREAD_COLOR_RGB,
    2: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
_EXIF_ORIENTATION = 0x0112
_BAND = 256
_EXPECTED = "expected a path, encoded bytes, an RGB uint8 array (HxWx3 or HxW) or a PIL image"


def decode(
    image: ImageInput,
    *,
    min_size: tuple[int, int] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Pixels:
    """Decodes a picture.

    Args:
        image: A path, the bytes of a picture file, an RGB uint8 array of shape HxWx3 or a grey
            one of shape HxW, or a PIL image. EXIF orientation is applied; transparency is laid
            over white; of an animation it is the first picture.
        min_size: Height and width that are enough: a JPEG is decoded at 1/8, 1/4 or 1/2, the
            smallest of which neither side is below them. None decodes it whole.
        limits: What is refused before it is read, decoded or copied.

    Returns:
        RGB pixels, uint8, of shape HxWx3.

    Raises:
        FileMissingError: The path does not exist.
        FileError: The path is not a regular file, cannot be read, or is too large.
        ImageError: The bytes are no picture, damaged, cut off, of a kind that is not supported or
            too large, or an array has another shape.
        InputTypeError: Another type of object, or an array that is not uint8.
    """
    if isinstance(image, (str, os.PathLike)):
        try:
            return _decode_bytes(read_bytes(image, limits.max_bytes), min_size, limits)
        except ImageError as error:
            raise type(error)(f"{os.fspath(image)}: {error}") from error
    if isinstance(image, (bytes, bytearray, memoryview)):
        if len(image) > limits.max_bytes:
            raise ImageError(f"{len(image)} bytes, at most {limits.max_bytes} allowed (max_bytes)")
        return _decode_bytes(bytes(image), min_size, limits)
    if isinstance(image, np.ndarray):
        return _check_array(image, limits)
    if callable(getattr(image, "getexif", None)):
        _check_size(*image.size, limits)
        return _convert_pil(image, limits)
    raise InputTypeError(f"got {type(image).__name__}, {_EXPECTED}")


def _decode_bytes(data: bytes, min_size: tuple[int, int] | None, limits: Limits) -> Pixels:
    header = read_header(data)
    _check_size(header.width, header.height, limits)
    flags = _REDUCED_RGB[_reduction(header, min_size)]
    is_unchanged = header.has_alpha or bool(header.white)
    try:
        pixels: Any = cv2.imdecode(
            np.frombuffer(header.content, np.uint8),
            cv2.IMREAD_UNCHANGED if is_unchanged else flags | cv2.IMREAD_IGNORE_ORIENTATION,
        )
    except cv2.error as error:
        reason = error.err or str(error)
        raise ImageError(f"cannot be decoded ({reason.strip()})") from error
    if pixels is None:
        error_type = FormatError if header.is_rare else ImageError
        raise error_type(f"damaged, cut off ({len(data)} bytes) or of an unsupported kind")
    return _upright(_to_rgb(pixels, header), header.orientation)


def _check_size(width: int, height: int, limits: Limits) -> None:
    if not width or not height:
        raise ImageError(f"{width}x{height} pixels, expected one at least")
    if width * height > limits.max_pixels:
        raise ImageError(
            f"{width}x{height} pixels, at most {limits.max_pixels} are decoded (max_pixels)"
        )


def _reduction(header: Header, min_size: tuple[int, int] | None) -> int:
    if min_size is None or not header.is_jpeg:
        return 1
    height, width = min_size if header.orientation < 5 else min_size[::-1]
    room = min(header.height / height, header.width / width)
    return max(scale for scale in _REDUCED_RGB if scale == 1 or scale <= room)


def _to_rgb(pixels: npt.NDArray[Any], header: Header) -> Pixels:
    """Makes RGB of what OpenCV returns: RGB, or, of files with alpha, the file's own channels."""
    if header.white:
        planes = zip(cv2.split(pixels), header.white, strict=False)
        pixels = cv2.merge([cv2.convertScaleAbs(plane, alpha=255 / most) for plane, most in planes])
    elif not header.has_alpha:
        return np.asarray(pixels, np.uint8)
    if header.transparent_grey is not None:
        pixels[pixels == header.transparent_grey] = np.iinfo(pixels.dtype).max
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return _over_white(pixels[..., 2::-1], pixels[..., 3:], header.premultiplied)
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _check_array(array: npt.NDArray[Any], limits: Limits) -> Pixels:
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
    _check_size(array.shape[1], array.shape[0], limits)
    pixels = np.ascontiguousarray(array)
    return pixels if is_rgb else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)


def _convert_pil(image: Image, limits: Limits) -> Pixels:
    if image.mode in ("I", "F"):
        raise ImageError(f"a PIL image of mode {image.mode}, expected 8 or 16 bits a channel")
    try:
        # Pillow turns a TIFF upright itself, on loading.
        image.load()
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
        if "A" in image.getbands() or "transparency" in image.info:
            rgba = np.asarray(image.convert("RGBA"))
            pixels = _over_white(rgba[..., :3], rgba[..., 3:])
        elif image.mode.startswith("I;16"):
            pixels = _check_array((np.asarray(image) >> 8).astype(np.uint8), limits)
        else:
            pixels = np.array(image.convert("RGB"))
    except (OSError, ValueError) as error:
        raise ImageError(f"the PIL image cannot be decoded ({error})") from error
    return _upright(pixels, orientation)


def _over_white(
    colors: npt.NDArray[Any], alpha: npt.NDArray[Any], premultiplied: bool = False
) -> Pixels:
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


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undoes an EXIF orientation: 1 to 8; anything else counts as upright."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)

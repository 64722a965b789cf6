"""Anything that is a picture -> upright RGB pixels."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.errors import FormatError, ImageError, InputTypeError
from pocketlens.names import counted
from pocketlens.pictures.channels import over_white, to_rgb, upright
from pocketlens.pictures.depth import HIGH_BITS, LOW, OWN_RANGE, is_noted, note_low_range
from pocketlens.pictures.files import DEFAULT_LIMITS, Limits, read_bytes
from pocketlens.pictures.formats import Header, exif, read_header

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
_MAYBE_TRANSPARENT = ("LA", "P", "PA", "RGBA", "RGBa")
_TIFF_PHOTOMETRIC = 262
_ADVICE = "; encode it as a 16-bit PNG (cv2.imencode) and pass the bytes"
_EXPECTED = "expected a path, encoded bytes, an RGB uint8 array (HxWx3 or HxW) or a PIL image"


def decode(
    image: ImageInput,
    *,
    min_size: tuple[int, int] | None = None,
    depth: str = HIGH_BITS,
    limits: Limits = DEFAULT_LIMITS,
) -> Pixels:
    """Decodes a picture.

    Args:
        image: A path, the bytes of a picture file, an RGB uint8 array of shape HxWx3 or a grey
            one of shape HxW, or a PIL image. EXIF orientation is applied; transparency is laid
            over white; of an animation it is the first picture.
        min_size: Height and width that are enough: a JPEG is decoded at 1/8, 1/4 or 1/2, the
            smallest of which neither side is below them. None decodes it whole.
        depth: Of pictures of 16 bits: "high_bits", the 8 high bits of each value; "own_range",
            each picture's range, from its smallest to its largest value, becomes 0 to 255.
        limits: What is refused before it is read, decoded or copied.

    Returns:
        RGB pixels, uint8, of shape HxWx3.

    Raises:
        FileMissingError: The path does not exist.
        FileError: The path is not a regular file, cannot be read, or is too large.
        FormatError: The bytes are of a format, or of a kind, that is not supported, or only with
            the extra `formats`.
        ImageError: The bytes are damaged, cut off or too large, or an array has another shape.
        InputTypeError: Another type of object, or an array that is not uint8.
    """
    if isinstance(image, (str, os.PathLike)):
        try:
            return _decode_bytes(read_bytes(image, limits.max_bytes), min_size, depth, limits)
        except ImageError as error:
            raise type(error)(f"{os.fspath(image)}: {error}") from error
    if isinstance(image, (bytes, bytearray, memoryview)):
        if len(image) > limits.max_bytes:
            raise ImageError(f"{len(image)} bytes, at most {limits.max_bytes} allowed (max_bytes)")
        return _decode_bytes(bytes(image), min_size, depth, limits)
    if isinstance(image, np.ndarray):
        return _check_array(image, limits)
    if callable(getattr(image, "getexif", None)):
        limits.check_size(*image.size)
        return _convert_pil(image, depth)
    raise InputTypeError(f"got {type(image).__name__}, {_EXPECTED}")


def _decode_bytes(
    data: bytes, min_size: tuple[int, int] | None, depth: str, limits: Limits
) -> Pixels:
    try:
        header = read_header(data)
    except FormatError as refusal:
        return _decode_by_pillow(data, depth, limits, refusal)
    limits.check_size(header.width, header.height)
    as_stored = bool(header.has_alpha or header.white or (header.bits == 16 and depth == OWN_RANGE))
    reduced = _REDUCED_RGB[_reduction(header, min_size)] | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = _decode_by_opencv(header, cv2.IMREAD_UNCHANGED if as_stored else reduced)
    if pixels is None:
        reason = f"damaged, cut off ({counted(len(data), 'byte')}) or of an unsupported kind"
        if not header.is_rare:
            raise ImageError(reason)
        return _decode_by_pillow(data, depth, limits, FormatError(reason))
    if as_stored:
        pixels = to_rgb(pixels, header, depth)
    # A colour TIFF is rounded, others are cut off: only the stored values tell.
    elif (
        header.bits == 16 and not is_noted() and (header.white_is_zero or pixels.max() <= LOW >> 8)
    ):
        note_low_range(_decode_by_opencv(header, cv2.IMREAD_UNCHANGED))
    return upright(pixels, header.orientation)


def _decode_by_opencv(header: Header, flags: int) -> Any:
    try:
        return cv2.imdecode(np.frombuffer(header.content, np.uint8), flags)
    except cv2.error as error:
        reason = error.err or str(error)
        raise ImageError(f"cannot be decoded ({reason.strip()})") from error


def _decode_by_pillow(data: bytes, depth: str, limits: Limits, refusal: FormatError) -> Pixels:
    from pocketlens.pictures.pillow_formats import open_checked

    with open_checked(data, refusal, limits) as image:
        try:
            return _convert_pil(image, depth)
        except ImageError as error:
            # Of what has no signature, it is as likely no picture.
            if image.format == "TGA":
                raise refusal from error
            raise


def _reduction(header: Header, min_size: tuple[int, int] | None) -> int:
    if min_size is None or not header.is_jpeg:
        return 1
    height, width = min_size if header.orientation < 5 else min_size[::-1]
    room = min(header.height / height, header.width / width)
    return max(scale for scale in _REDUCED_RGB if scale == 1 or scale <= room)


def _check_array(array: npt.NDArray[Any], limits: Limits) -> Pixels:
    if array.dtype != np.uint8:
        raise InputTypeError(
            f"got an array of {array.dtype} and shape {array.shape}, "
            f"expected uint8 with values 0 to 255{_ADVICE if array.dtype == np.uint16 else ''}"
        )
    is_rgb = array.ndim == 3 and array.shape[2] == 3
    if not (is_rgb or array.ndim == 2) or 0 in array.shape:
        raise ImageError(
            f"got an array of shape {array.shape}, expected HxWx3 (RGB) or HxW (grey); "
            "of RGBA pass [..., :3], several pictures as a list"
        )
    limits.check_size(array.shape[1], array.shape[0])
    pixels = np.ascontiguousarray(array)
    return pixels if is_rgb else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB), np.uint8)


def _convert_pil(image: Image, depth: str) -> Pixels:
    try:
        image.load()
        # Of a PGM of 16 bits Pillow makes values of 32 bits.
        is_deep = image.mode.startswith("I;16") or (image.mode, image.format) == ("I", "PPM")
        if image.mode in ("I", "F") and not is_deep:
            raise ImageError(
                f"values of 32 bits (mode {image.mode}), expected 8 or 16 bits a channel; scale "
                "them and save the picture as PNG"
            )
        is_transparent = image.mode in _MAYBE_TRANSPARENT or "transparency" in image.info
        shown = image if is_deep else image.convert("RGBA" if is_transparent else "RGB")
        stored = np.asarray(shown)
    except (MemoryError, ImageError):
        raise
    except Exception as error:  # a damaged file leads Pillow's plugins to nearly any
        reason = " ".join(str(error).split())
        raise ImageError(f"damaged, cut off or of an unusual kind ({reason})") from error
    if is_deep:
        stored = to_rgb(stored.astype(np.uint16), _header_of_pil(image), depth)
    elif is_transparent:
        stored = over_white(stored[..., :3], stored[..., 3:])
    else:
        stored = stored.copy()  # of what Pillow keeps
    # Not getexif(), which takes XMP's word, too. A TIFF Pillow turns upright on loading.
    block = image.info.get("exif") or b""
    return upright(stored, exif.orientation(block.removeprefix(b"Exif\0\0")))


def _header_of_pil(image: Image) -> Header:
    """What Pillow leaves to others of a grey picture of 16 bits."""
    tags = getattr(image, "tag_v2", {})
    return Header(
        *image.size,
        content=b"",
        transparent_grey=image.info.get("transparency"),
        white_is_zero=tags.get(_TIFF_PHOTOMETRIC) == 0,
    )

"""Kinds of picture that Pillow decodes, where the extra `formats` is installed."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING

from pocketlens.errors import FormatError, ImageError
from pocketlens.extras import install_line
from pocketlens.headers import tiff
from pocketlens.heif import item_sizes
from pocketlens.reading import Limits

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_STARTS = (
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"8BPS\0\1", "PSD"),
    *((bytes((0x01, 0xDA, packed, size)), "SGI") for packed in (0, 1) for size in (1, 2)),
    *((bytes((0x0A, version, 1)), "PCX") for version in (0, 2, 3, 5)),
    (b"BM", "BMP"),
    *((start, "TIFF") for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
)
_AVIF, _HEIC, _ICON, _TGA = "AVIF", "HEIC", "an icon", "TGA"
_PARTLY_OWN = (_AVIF, "BMP", "TIFF")
"""Of these only some kinds are refused, and the refusal names the kind."""
_HEIF_BRAND = re.compile(rb"hei[cxms]|hev[cxms]|m[is]f1")
_LONGEST_BRANDS = 256
_MOST_LAYERS = 8
"""Times `max_pixels` that all pictures in a HEIF file together may cover."""
_PATIENCE = 100
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_ICON_STARTS, _PNG = (b"\0\0\1\0", b"\0\0\2\0"), b"\x89PNG"
_ICON_HEADER, _ICON_ENTRY = struct.Struct("<3H"), struct.Struct("<4B2H2I")
_TGA_HEADER = struct.Struct("<3B2HB4H2B")
_TGA_BITS = {1: (8,), 2: (16, 24, 32), 3: (8, 16)}
"""Of a pixel, where they are places in a palette, colours and grey."""
_TGA_PACKED = 8
_TGA_END, _TGA_MARGIN = b"TRUEVISION-XFILE.\0", 1024
_SLOW = "bmp_rle"
"""The one decoder among these plugins that takes seconds a megapixel; OpenCV has its own."""


def open_checked(data: bytes, refusal: FormatError, limits: Limits) -> ImageFile:
    """Opens what the runtime's own way has refused as a kind; no pixel is decoded yet.

    Args:
        data: The whole file.
        refusal: Raised where Pillow is not to be asked either.
        limits: What is refused, be it the picture or a tile of it.

    Raises:
        FormatError: It is of no kind that Pillow is asked about, or the extra is not installed.
        ImageError: It is damaged or too large.
    """
    kind = _kind(data)
    if kind is None:
        raise refusal
    try:
        _check_pieces(kind, data, limits)
        image = _open_icon(data, limits) if kind == _ICON else _open(kind, data)
    except ImportError as error:
        raise FormatError(_advice(kind, data, refusal)) from error
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # a damaged file leads plugins to nearly any
        if kind in (*_PARTLY_OWN, _TGA):
            raise refusal from error
        reason = " ".join(str(error).split())
        raise ImageError(f"damaged or unusual {kind} ({reason})") from error
    limits.check_size(*image.size)
    return image


def _advice(kind: str, data: bytes, refusal: FormatError) -> str:
    line = install_line("formats")
    if kind in _PARTLY_OWN:
        return f"{refusal}; {line} reads more kinds"
    return f"looks like {kind} ({len(data)} bytes); {line} reads it, or export it as JPEG"


def _kind(data: bytes) -> str | None:
    if data[4:8] == b"ftyp":
        brands = data[8 : min(int.from_bytes(data[:4], "big"), _LONGEST_BRANDS)]
        return _AVIF if b"avif" in brands else _HEIC if _HEIF_BRAND.match(brands) else None
    if data.startswith(_ICON_STARTS) and data[4:6] != b"\0\0":
        return _ICON
    kinds = (kind for start, kind in _STARTS if data.startswith(start))
    return next(kinds, _TGA if _is_tga(data) else None)


def _is_tga(data: bytes) -> bool:
    """It has no signature: its header must make sense, and its length fit to it."""
    if len(data) < _TGA_HEADER.size:
        return False
    id_size, has_palette, kind, _, colors, color_bits, _, _, width, height, bits, flags = (
        _TGA_HEADER.unpack_from(data)
    )
    basic = kind & ~_TGA_PACKED
    body = width * height * bits // 8
    palette = has_palette * colors * ((color_bits + 7) // 8)
    rest = len(data) - _TGA_HEADER.size - id_size - palette
    return (
        bits in _TGA_BITS.get(basic, ())
        and has_palette == (basic == 1)
        and flags & 0xC0 == 0
        and flags & 0x0F in (0, 1, 8)
        and body > 0
        and rest >= (0 if kind & _TGA_PACKED else body)
        and (rest <= 2 * body + _TGA_MARGIN or data.endswith(_TGA_END))
    )


def _open(kind: str, data: bytes) -> ImageFile:
    """Calls the one plugin: Image.open() would try others too, of which one runs Ghostscript."""
    if kind == _HEIC:
        from pi_heif import HeifImageFile

        _start_a_thread()
        return HeifImageFile(io.BytesIO(data))  # type: ignore[no-any-return]
    from PIL import (
        AvifImagePlugin,
        BmpImagePlugin,
        IcoImagePlugin,
        Jpeg2KImagePlugin,
        PcxImagePlugin,
        PngImagePlugin,
        PsdImagePlugin,
        SgiImagePlugin,
        TgaImagePlugin,
        TiffImagePlugin,
    )

    plugins: dict[str, type[ImageFile]] = {
        "AVIF": AvifImagePlugin.AvifImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "DIB": BmpImagePlugin.DibImageFile,
        "ICO": IcoImagePlugin.IcoImageFile,
        "JPEG 2000": Jpeg2KImagePlugin.Jpeg2KImageFile,
        "PCX": PcxImagePlugin.PcxImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "PSD": PsdImagePlugin.PsdImageFile,
        "SGI": SgiImagePlugin.SgiImageFile,
        "TGA": TgaImagePlugin.TgaImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
    }
    image = plugins[kind](io.BytesIO(data))
    if image.tile and image.tile[0][0] == _SLOW:
        raise SyntaxError("run-length code")
    return image


def _start_a_thread() -> None:
    """The decoder of HEIC starts some, and ends the process where it cannot start one."""
    thread = Thread(target=int)
    try:
        thread.start()
    except RuntimeError as error:
        raise ImageError(
            "HEIC takes one thread more than this process may start; allow more, or export as JPEG"
        ) from error
    thread.join()
    # Until the kernel has forgotten it, it still counts.
    for _ in range(_PATIENCE):
        if not Path(f"/proc/self/task/{thread.native_id}").exists():
            break
        sleep(0.001)


def _open_icon(data: bytes, limits: Limits) -> ImageFile:
    """The largest picture of an icon or a cursor: a PNG, or a bitmap with a mask."""
    _, _, count = _ICON_HEADER.unpack_from(data)
    starts = range(
        _ICON_HEADER.size, _ICON_HEADER.size + count * _ICON_ENTRY.size, _ICON_ENTRY.size
    )
    entries = [_ICON_ENTRY.unpack_from(data, start) for start in starts]
    # A side of 256 is written as 0. Of several as large, that of most bytes has most colours.
    *_, size, offset = max(entries, key=lambda e: ((e[0] or 256) * (e[1] or 256), e[6]))
    picture = data[offset : offset + size]
    if picture.startswith(_PNG):
        return _open("PNG", picture)
    bitmap = _open("DIB", picture)
    width, height = bitmap.width, bitmap.height // 2
    limits.check_size(width, height)
    (bits,) = struct.unpack_from("<H", picture, 14)
    # The plugin decodes an icon when it is opened, and takes another one for the largest cursor.
    place = _ICON_HEADER.size + _ICON_ENTRY.size
    entry = _ICON_ENTRY.pack(width % 256, height % 256, 0, 0, 1, bits, len(picture), place)
    return _open("ICO", _ICON_HEADER.pack(0, 1, 1) + entry + picture)


def _check_pieces(kind: str, data: bytes, limits: Limits) -> None:
    """A picture may be put together from larger ones, or from very many."""
    if kind in (_AVIF, _HEIC):
        sizes = item_sizes(data)
        total = sum(width * height for width, height in sizes)
        if total > _MOST_LAYERS * limits.max_pixels:
            raise ImageError(f"{kind} of {len(sizes)} pictures, {total} pixels in all (max_pixels)")
    elif kind == "TIFF":
        tags = tiff.read_tags(data, "<" if data[:2] == b"II" else ">")
        sizes = [(tags.get(_TILE_WIDTH, (1,))[0], tags.get(_TILE_HEIGHT, (1,))[0])]
    else:
        return
    for width, height in sizes:
        limits.check_size(width, height)

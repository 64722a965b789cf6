"""Which kinds of picture Pillow is asked about, by their first bytes."""

from __future__ import annotations

import re
import struct

AVIF, HEIC, ICON, TGA = "AVIF", "HEIC", "an icon", "TGA"
_STARTS = (
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"8BPS\0\1", "PSD"),
    *((bytes((0x01, 0xDA, packed, size)), "SGI") for packed in (0, 1) for size in (1, 2)),
    *((bytes((0x0A, version, 1)), "PCX") for version in (0, 2, 3, 5)),
    (b"BM", "BMP"),
    (b"GIF8", "GIF"),
    *((start, "TIFF") for start in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
)
_HEIF_BRAND = re.compile(rb"hei[cxms]|hev[cxms]|m[is]f1")
_LONGEST_BRANDS = 256
_ICON_STARTS = b"\0\0\1\0", b"\0\0\2\0"
_TGA_HEADER = struct.Struct("<3B2HB4H2B")
_TGA_BITS = {1: (8,), 2: (16, 24, 32), 3: (8, 16)}
"""Of a pixel, where they are places in a palette, colours and grey."""
_TGA_PACKED = 8
_TGA_END, _TGA_MARGIN = b"TRUEVISION-XFILE.\0", 1024


def kind_of(data: bytes) -> str | None:
    """The kind that the bytes of a file announce, or None where Pillow is not to be asked.

    There are pictures for which it takes a second a megapixel, such as QOI and some DDS, because
    the decoder is written in Python: these are none of the kinds.
    """
    if data[4:8] == b"ftyp":
        brands = data[8 : min(int.from_bytes(data[:4], "big"), _LONGEST_BRANDS)]
        return AVIF if b"avif" in brands else HEIC if _HEIF_BRAND.match(brands) else None
    if data.startswith(_ICON_STARTS) and data[4:6] != b"\0\0":
        return ICON
    kinds = (kind for start, kind in _STARTS if data.startswith(start))
    return next(kinds, TGA if _is_tga(data) else None)


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

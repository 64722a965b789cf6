"""Which kinds of picture Pillow is asked about, by their first bytes."""

from __future__ import annotations

import struct

from pocketlens.pictures.formats import FIRST_BYTES, picture_kind

AVIF, HEIC, ICON, TGA = "AVIF", "HEIC", "an icon", "TGA"
_KINDS = {
    kind: kind for kind in (AVIF, HEIC, "JPEG 2000", "PSD", "SGI", "PCX", "BMP", "GIF", "TIFF")
}
_KINDS |= dict.fromkeys(("icon", "cursor"), ICON)
"""By the names of picture_kind(). Left out: QOI and DDS, whose decoders are written in Python and
take a second a megapixel."""
_TGA_HEADER = struct.Struct("<3B2HB4H2B")
_TGA_BITS = {1: (8,), 2: (16, 24, 32), 3: (8, 16)}
"""Of a pixel, where they are places in a palette, colours and grey."""
_TGA_PACKED = 8
_TGA_END, _TGA_MARGIN = b"TRUEVISION-XFILE.\0", 1024


def kind_of(data: bytes) -> str | None:
    """The kind that the bytes of a file announce, or None where Pillow is not to be asked."""
    kind = _KINDS.get(picture_kind(data[:FIRST_BYTES]) or "")
    if kind is None or (kind == ICON and data[4:6] == b"\0\0"):
        return TGA if _is_tga(data) else None
    return kind


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

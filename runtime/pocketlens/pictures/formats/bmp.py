"""BMP."""

from __future__ import annotations

import struct

from pocketlens.errors import FormatError, ImageError
from pocketlens.pictures.formats.header import Header

_NONE, _MASKS = 0, 3
_BITS_OF = {_NONE: (1, 4, 8, 16, 24, 32), 1: (8,), 2: (4,), _MASKS: (16, 32)}
"""Compression (1 and 2 are of runs) -> bits of a pixel."""
_555 = (0x7C00, 0x03E0, 0x1F)
_WHITE = {_555: (248, 248, 248), (0xF800, 0x07E0, 0x1F): (248, 252, 248)}
"""Masks of 16 bits -> white, of which OpenCV 5.0 leaves the low bits 0."""
_BYTES = {0xFF << shift for shift in (0, 8, 16, 24)}


def read(data: bytes) -> Header:
    """Reads the header; a negative height means that the top row comes first."""
    offset, header = struct.unpack_from("<II", data, 10)
    compression = _NONE
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    width, height = max(width, 0), abs(height)
    if 12 < header < 40 or bits not in _BITS_OF.get(compression, ()):
        raise FormatError(
            f"a kind of BMP that is not supported ({bits} bits, compression {compression}, "
            f"header of {header} bytes); save it as PNG"
        )
    size = offset + (width * bits + 31) // 32 * 4 * height
    if compression in (_NONE, _MASKS) and size > len(data):
        raise ImageError(f"BMP of {size} bytes that is cut off after {len(data)}")
    if compression == _MASKS:
        return _masked(data, width, height, bits)
    return Header(width, height, data, white=_WHITE[_555] if bits == 16 else None, is_rare=True)


def _masked(data: bytes, width: int, height: int, bits: int) -> Header:
    """Puts the masks where OpenCV 5.0 looks: after a header of 40 bytes, or in one of 56."""
    offset, header = struct.unpack_from("<II", data, 10)
    *colors, alpha = masks = struct.unpack_from("<4I", data, 54)
    if header < 56 or bits == 16:
        alpha = 0
    white, size, end = _WHITE.get(masks[:3]), 40, 66
    if bits == 32:
        white, size, end = None, 56, 70
    if not white and (bits == 16 or not {*colors, alpha or 0xFF} <= _BYTES):
        raise FormatError(
            f"a kind of BMP that is not supported (masks {colors}, {alpha}); save it as PNG"
        )
    head = data[:10] + struct.pack("<II", end, size) + data[18:54]
    head += struct.pack("<4I", *colors, alpha)[: end - 54]
    return Header(width, height, head + data[offset:], white=white, has_alpha=alpha > 0)

"""BMP."""

from __future__ import annotations

import struct

from pocketlens.errors import FormatError, ImageError
from pocketlens.headers.header import Header

_NONE, _MASKS = 0, 3
_BITS_OF = {_NONE: (1, 4, 8, 16, 24, 32), 1: (8,), 2: (4,), _MASKS: (16, 32)}
"""Compression (1 and 2 are of runs) -> bits of a pixel."""
_MASKS_OF_16 = ([0x7C00, 0x03E0, 0x1F], [0xF800, 0x07E0, 0x1F])
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
    return Header(width, height, data, is_rare=True)


def _masked(data: bytes, width: int, height: int, bits: int) -> Header:
    """Puts the masks where OpenCV 5.0 looks: after a header of 40 bytes, or in one of 56."""
    offset, header = struct.unpack_from("<II", data, 10)
    *colors, alpha = struct.unpack_from("<4I", data, 54)
    if bits == 16 or header < 56:
        alpha = 0
    if colors not in _MASKS_OF_16 if bits == 16 else not {*colors, alpha or 0xFF} <= _BYTES:
        raise FormatError(
            f"a kind of BMP that is not supported (masks {colors}, {alpha}); save it as PNG"
        )
    size, masks = (40, colors) if bits == 16 else (56, [*colors, alpha])
    head = data[18:54] + struct.pack(f"<{len(masks)}I", *masks)
    start = struct.pack("<II", 18 + len(head), size)
    return Header(width, height, data[:10] + start + head + data[offset:], has_alpha=alpha > 0)

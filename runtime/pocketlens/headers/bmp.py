"""BMP."""

from __future__ import annotations

import struct

from pocketlens.errors import FormatError, ImageError
from pocketlens.headers.header import Header

_UNCOMPRESSED = (0, 3)
_RLE = (1, 2)


def read(data: bytes) -> Header:
    """Reads the header; a negative height means that the top row comes first."""
    offset, header = struct.unpack_from("<II", data, 10)
    compression = 0
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    width, height = max(width, 0), abs(height)
    if compression not in _UNCOMPRESSED + _RLE or bits not in (1, 4, 8, 16, 24, 32):
        raise FormatError(
            f"a kind of BMP that is not supported ({bits} bits, compression {compression}); "
            "save it as PNG"
        )
    size = offset + (width * bits + 31) // 32 * 4 * height
    if compression in _UNCOMPRESSED and size > len(data):
        raise ImageError(f"BMP of {size} bytes that is cut off after {len(data)}")
    return Header(width, height, data, has_alpha=bits == 32)

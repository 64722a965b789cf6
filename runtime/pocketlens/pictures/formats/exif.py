"""The orientation in an EXIF block, which is a small TIFF file (EXIF 2.32, JEITA CP-3451)."""

from __future__ import annotations

import struct

_ORIENTATION, _SHORT = 0x0112, 3
_MOST_ENTRIES = 1000


def orientation(block: bytes) -> int:
    """The first orientation from 1 to 8; 1 where the block has none or is damaged."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, start)
        for number in range(min(count, _MOST_ENTRIES)):
            place = start + 2 + 12 * number
            tag, kind, values, value = struct.unpack_from(f"{order}HHIHxx", block, place)
            if (tag, kind) == (_ORIENTATION, _SHORT) and 0 < values <= 2 and 1 <= value <= 8:
                return int(value)
    except struct.error:
        pass
    return 1

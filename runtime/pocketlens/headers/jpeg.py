"""JPEG (ITU-T T.81, annex B)."""

from __future__ import annotations

from pocketlens.errors import ImageError
from pocketlens.headers import exif
from pocketlens.headers.header import Header

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = 0xC2
_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD9)])
_END, _SCAN, _APP1 = 0xD9, 0xDA, 0xE1
_MOST_SEGMENTS = 10_000
_MOST_SCANS = 200
"""Each scan of a progressive file costs a pass over the whole picture, however few bytes it has."""


def read(data: bytes) -> Header:
    """Reads the segments up to the frame header."""
    position, turned = 2, 1
    for _ in range(_MOST_SEGMENTS):
        # As libjpeg does, over whatever stands between two segments.
        position = data.find(b"\xff", position)
        if position < 0:
            raise ImageError("JPEG without a frame header, cut off or damaged")
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        position += 1
        if marker == 0 or marker in _WITHOUT_LENGTH:
            continue
        if marker in (_END, _SCAN):
            raise ImageError("JPEG without a frame header, damaged")
        length = int.from_bytes(data[position : position + 2], "big")
        if marker == _APP1 and data[position + 2 : position + 8] == b"Exif\0\0":
            turned = exif.orientation(data[position + 8 : position + length])
        if marker in _FRAMES:
            height = int.from_bytes(data[position + 3 : position + 5], "big")
            width = int.from_bytes(data[position + 5 : position + 7], "big")
            break
        position += max(length, 2)
    else:
        raise ImageError(f"JPEG with over {_MOST_SEGMENTS} segments before its frame, damaged")
    if marker == _PROGRESSIVE and (scans := data.count(b"\xff\xda")) > _MOST_SCANS:
        raise ImageError(f"JPEG with {scans} scans, expected {_MOST_SCANS} at most")
    return Header(width, height, data, turned, is_jpeg=True)

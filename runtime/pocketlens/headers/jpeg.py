"""JPEG (ITU-T T.81, annex B)."""

from __future__ import annotations

from pocketlens.errors import ImageError
from pocketlens.headers import exif
from pocketlens.headers.header import Header

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD9)])
_END, _SCAN, _APP1 = 0xD9, 0xDA, 0xE1
_MOST_SEGMENTS = 10_000
_MOST_SCANS = {True: 100, False: 10}
"""Progressive or not. Each scan costs a pass over the whole picture, however few bytes it has."""


def read(data: bytes) -> Header:
    """Reads the segments up to the first scan."""
    position, turned, frame = 2, 1, b""
    for _ in range(_MOST_SEGMENTS):
        # As libjpeg does, over whatever stands between two segments.
        position = data.find(b"\xff", position)
        if position < 0:
            raise ImageError("JPEG without a picture, cut off or damaged")
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        position += 1
        if marker == 0 or marker in _WITHOUT_LENGTH:
            continue
        if marker == _END:
            raise ImageError("JPEG without a picture, damaged")
        length = max(2, int.from_bytes(data[position : position + 2], "big"))
        if marker == _APP1 and data[position + 2 : position + 8] == b"Exif\0\0":
            turned = exif.orientation(data[position + 8 : position + length])
        elif marker in _FRAMES:
            if frame:
                raise ImageError("JPEG with two frames, damaged")
            frame = data[position : position + 8]
            is_progressive = marker in _PROGRESSIVE
        elif marker == _SCAN:
            break
        position += length
    else:
        raise ImageError(f"JPEG with over {_MOST_SEGMENTS} segments before its picture, damaged")
    if not frame:
        raise ImageError("JPEG without a frame header, damaged")
    # Of one scan with all components nothing after it is looked at.
    if is_progressive or data[position + 2] < frame[7]:
        scans, most = data.count(bytes((0xFF, _SCAN))), _MOST_SCANS[is_progressive]
        if scans > most:
            raise ImageError(f"JPEG with {scans} scans, expected {most} at most")
    height, width = (int.from_bytes(frame[i : i + 2], "big") for i in (3, 5))
    return Header(width, height, data, turned, is_jpeg=True)

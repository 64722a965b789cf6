"""JPEG (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pocketlens.errors import ImageError
from pocketlens.pictures.formats import exif
from pocketlens.pictures.formats.header import Header

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_END, _SCAN, _APP1 = 0xD9, 0xDA, 0xE1
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
"""Of a segment with a length, or the end."""
_MOST_SEGMENTS = 10_000
_MOST_SCANS = {True: 100, False: 10}
"""Progressive or not. Each scan costs a pass over the whole picture, however few bytes it has."""


def read(data: bytes) -> Header:
    """Reads the segments up to the first scan; the first EXIF that is not empty counts."""
    block, frame = b"", b""
    segments = _segments(data)
    for marker, start, stop in segments:
        if marker == _SCAN:
            break
        if marker == _APP1 and not block and data.startswith(b"Exif\0\0", start):
            block = data[start + 6 : stop]
        elif marker in _FRAMES:
            if frame:
                raise ImageError("JPEG with two frames, damaged")
            frame = data[start : start + 6]
            is_progressive = marker in _PROGRESSIVE
    else:
        raise ImageError("JPEG without a picture, cut off or damaged")
    if not frame:
        raise ImageError("JPEG without a frame header, damaged")
    # Of one scan with all components nothing after it is looked at.
    if is_progressive or data[start] < frame[5]:
        most = _MOST_SCANS[is_progressive]
        scans = data.count(bytes((0xFF, _SCAN)))
        if scans > most:
            scans = 1 + sum(marker == _SCAN for marker, _, _ in segments)
        if scans > most:
            raise ImageError(f"JPEG with {scans} scans, expected {most} at most")
    height, width = (int.from_bytes(frame[i : i + 2], "big") for i in (1, 3))
    return Header(width, height, data, exif.orientation(block), is_jpeg=True)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yields (marker, start, stop) of each segment's content, up to the end of the picture."""
    position = 2
    for _ in range(_MOST_SEGMENTS):
        # As libjpeg does, over whatever stands between two segments, such as a scan's data.
        found = _MARKER.search(data, position)
        if not found or found[0][1] == _END:
            return
        start = found.end() + 2
        position = max(start, found.end() + int.from_bytes(data[found.end() : start], "big"))
        yield found[0][1], start, position
    raise ImageError(f"JPEG with over {_MOST_SEGMENTS} segments, damaged")

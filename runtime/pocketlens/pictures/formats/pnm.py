"""PNM: PBM, PGM and PPM, as text or binary (pbm(5), pgm(5) and ppm(5) of Netpbm)."""

from __future__ import annotations

import re

from pocketlens.errors import ImageError
from pocketlens.pictures.formats.header import Header

_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_SIZE = re.compile(rb"P([1-6])" + (_GAP + rb"(\d{1,9})") * 2)
_MAXVAL = re.compile(_GAP + rb"(\d{1,9})")
_BILEVEL, _TEXT = (1, 4), (1, 2, 3)
_CHANNELS = {1: 1, 2: 1, 3: 3, 4: 1, 5: 1, 6: 3}
_MOST = 65535
_LONGEST_HEADER = 65536


def read(data: bytes) -> Header:
    """Reads the header; of several pictures in a file the first goes on."""
    size = _SIZE.match(data, 0, _LONGEST_HEADER)
    if not size:
        raise ImageError("PNM without a width and a height, damaged")
    kind, width, height = map(int, size.groups())
    most, start = 1, size.end()
    if kind not in _BILEVEL:
        maxval = _MAXVAL.match(data, start, _LONGEST_HEADER)
        most, start = (int(maxval[1]), maxval.end()) if maxval else (0, start)
        if not 0 < most <= _MOST:
            raise ImageError(f"PNM with values up to {most}, expected 1 to {_MOST}, damaged")
    # One space or line end stands between header and pixels.
    start += 1
    values = width * height * _CHANNELS[kind]
    if kind in _TEXT:
        # The last one needs no space after it; those of P1 need none at all.
        needed = values if kind == 1 else 2 * values - 1
    elif kind == 4:
        needed = (width + 7) // 8 * height
    else:
        needed = values * (1 if most < 256 else 2)
    if start + needed > len(data):
        raise ImageError(f"PNM of {start + needed} bytes at least, cut off after {len(data)}")
    line = b"" if kind in _BILEVEL else b"%d\n" % most
    # OpenCV 5.0 wants a line end after a text.
    pixels = data[start:] + b"\n" if kind in _TEXT else data[start : start + needed]
    content = b"P%d\n%d %d\n" % (kind, width, height) + line + pixels
    # OpenCV 5.0 itself makes white of the largest in bilevel files, and in text of 8 bits.
    is_white = most in (255, _MOST) or kind in _BILEVEL or (kind in _TEXT and most < 256)
    return Header(
        width,
        height,
        content,
        white=None if is_white else (most, most, most),
        bits=16 if most > 255 else 8,
    )

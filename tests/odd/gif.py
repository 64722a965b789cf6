"""Odd GIFs."""

from __future__ import annotations

import struct

import numpy as np

from odd.containers import HEIGHT, WIDTH, picture, save
from odd.jpeg import VIDEO
from odd.shown import COLORS

_TABLE = bytes(value for color in COLORS.values() for value in color) + bytes(3)
"""Eight colours."""
_INDEX = {letter: index for index, letter in enumerate(COLORS)}
_GIF = b"GIF89a"
_END = b";"


def _packed(letters: str, width: int, height: int) -> bytes:
    """LZW data without compression: a clear code in time keeps codes at four bits."""
    quarters = np.array([_INDEX[letter] for letter in letters]).reshape(2, 2)
    indices = quarters.repeat(height // 2, axis=0).repeat(width // 2, axis=1).ravel()
    bits, place = 0, 0
    codes = [
        code for start in range(0, len(indices), 6) for code in (8, *indices[start : start + 6])
    ]
    for code in (*codes, 9):
        bits |= int(code) << place
        place += 4
    return bits.to_bytes((place + 7) // 8, "little")


def _blocks(data: bytes) -> bytes:
    pieces = (data[start : start + 255] for start in range(0, len(data), 255))
    return b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0"


def _screen(width: int = WIDTH, height: int = HEIGHT, *, flags: int = 0x82, back: int = 0) -> bytes:
    table = _TABLE if flags & 0x80 else b""
    return struct.pack("<HHBBB", width, height, flags, back, 0) + table


def _frame(
    letters: str = "RGBY", width: int = WIDTH, height: int = HEIGHT, x: int = 0, y: int = 0
) -> bytes:
    head = struct.pack("<BHHHHB", 0x2C, x, y, width, height, 0)
    return head + b"\3" + _blocks(_packed(letters, width, height))


def _control(transparent: int | None = None, disposal: int = 0) -> bytes:
    flags = disposal << 2 | (transparent is not None)
    return b"!\xf9\4" + struct.pack("<BHBB", flags, 5, transparent or 0, 0)


def _gif(*parts: bytes, screen: bytes = _screen(), end: bytes = _END) -> bytes:
    return _GIF + screen + b"".join(parts) + end


_LOOP = b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0"
_COMMENT = b"!\xfe" + _blocks(b"made by hand")
_PLAIN_TEXT = b"!\1\x0c" + bytes(12) + _blocks(b"text")
_WHOLE = _frame()
_SECOND = _frame("MMMM")
_LOCAL = (
    struct.pack("<BHHHHB", 0x2C, 0, 0, WIDTH, HEIGHT, 0x82)
    + _TABLE
    + b"\3"
    + _blocks(_packed("RGBY", WIDTH, HEIGHT))
)

_SCREENS = {
    f"screen of {width}x{height}": _gif(_WHOLE, screen=_screen(width, height))
    for width, height in ((96, 64), (24, 16), (48, 16), (1, 1), (0, 0), (60, 20))
}

_FRAMES = {
    "small frame": _gif(_frame("RGBY", 24, 16, 12, 8)),
    "small frame at 0": _gif(_frame("RGBY", 24, 16)),
    "small frame, whole after it": _gif(_frame("MMMM", 24, 16), _WHOLE),
    "small frame, background transparent": _gif(_control(5), _frame("RGBY", 24, 16, 12, 8)),
    "small frame, background yellow": _gif(_frame("RGBY", 24, 16, 12, 8), screen=_screen(back=3)),
    "frame beyond the screen": _gif(_frame("RGBY", 24, 16, 40, 24)),
    "frame far beyond the screen": _gif(_frame("RGBY", 24, 16, 100, 100)),
    "empty frame first": _gif(struct.pack("<BHHHHB", 0x2C, 0, 0, 0, 0, 0) + b"\3\0", _WHOLE),
    "two frames": _gif(_LOOP, _control(), _WHOLE, _control(), _SECOND),
    "two frames, disposed": _gif(_LOOP, _control(None, 2), _WHOLE, _control(None, 3), _SECOND),
    "yellow transparent": _gif(_control(3), _WHOLE),
    "two controls": _gif(_control(3), _control(), _WHOLE),
    "two controls, the second transparent": _gif(_control(), _control(3), _WHOLE),
    "control after the frame": _gif(_WHOLE, _control(3)),
    "comment between control and frame": _gif(_control(3), _COMMENT, _WHOLE),
    "plain text first": _gif(_control(3), _PLAIN_TEXT, _WHOLE),
    "local colours": _gif(_LOCAL, screen=_screen(flags=0)),
    "interlaced": _gif(
        struct.pack("<BHHHHB", 0x2C, 0, 0, WIDTH, HEIGHT, 0x40)
        + b"\3"
        + _blocks(_packed("RRRR", WIDTH, HEIGHT))
    ),
    "shape of pixels": _gif(_WHOLE, screen=_screen()[:6] + b"\x77" + _screen()[7:]),
    "background beyond the colours": _gif(_WHOLE, screen=_screen(back=200)),
    "GIF87a": b"GIF87a" + _gif(_WHOLE)[6:],
    "GIF87a with extensions": b"GIF87a" + _gif(_control(3), _WHOLE)[6:],
}

_ENDS = {
    "video after it": _gif(_WHOLE) + VIDEO,
    "zeros after it": _gif(_WHOLE) + bytes(5000),
    "another GIF after it": _gif(_WHOLE) + _gif(_SECOND),
    "a frame after it": _gif(_WHOLE) + _SECOND + _END,
    "text after it": _gif(_WHOLE) + b"\r\n<html>" * 20,
    "no trailer": _gif(_WHOLE, end=b""),
    "zero for a trailer": _gif(_WHOLE, end=b"\0"),
    "no terminator": _gif(_WHOLE[:-1], end=b""),
    "no terminator but a trailer": _gif(_WHOLE[:-1]),
    "block that runs past the end": _gif(_WHOLE[:-2]),
    "cut in the second frame": _gif(_WHOLE, _control(), _SECOND[:200], end=b""),
    "cut in the second frame's head": _gif(_WHOLE, _control(), _SECOND[:5], end=b""),
    "cut in the control after it": _gif(_WHOLE, _control()[:4], end=b""),
    "cut in the first frame": _gif(_WHOLE[:300], end=b""),
    "cut one byte before the end code": _gif(_WHOLE[:-2], end=b""),
    "second frame damaged": _gif(_WHOLE, b"\x2c" + b"\xff" * 30),
}

_STRUCTURE = {
    "zeros before the frame": _gif(bytes(3), _WHOLE),
    "rubbish before the frame": _gif(b"rubbish", _WHOLE),
    "zeros between frames": _gif(_WHOLE, bytes(3), _SECOND),
    "zeros after a control": _gif(_control(3), bytes(2), _WHOLE),
    "unknown extension": _gif(b"!\x77" + _blocks(b"something"), _WHOLE),
    "empty extension": _gif(b"!\xfe\0", _WHOLE),
    "control of five bytes": _gif(b"!\xf9\5" + bytes(5) + b"\0", _WHOLE),
    "control of no bytes": _gif(b"!\xf9\0", _WHOLE),
    "bytes after the end code": _gif(_WHOLE[:-1] + b"\5abcde\0"),
    "codes after the picture": _gif(
        struct.pack("<BHHHHB", 0x2C, 0, 0, 24, 16, 0)
        + b"\3"
        + _blocks(_packed("RGBY", WIDTH, HEIGHT)),
        screen=_screen(24, 16),
    ),
    "too few codes": _gif(
        struct.pack("<BHHHHB", 0x2C, 0, 0, WIDTH, HEIGHT, 0)
        + b"\3"
        + _blocks(_packed("RG" * 2, 24, 16))
    ),
    "a byte before it": b"\0" + _gif(_WHOLE),
    "by Pillow": save(picture().quantize(8), "GIF"),
}

FILES = {**_SCREENS, **_FRAMES, **_ENDS, **_STRUCTURE}

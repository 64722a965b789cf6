"""GIF (version 89a): the first frame."""

from __future__ import annotations

from pocketlens.errors import FormatError, ImageError
from pocketlens.pictures.formats.header import Header

_EXTENSION, _IMAGE, _END = 0x21, 0x2C, b"\x3b"
_GRAPHIC_CONTROL = 0xF9
_MOST_BLOCKS = 1_000_000


def read(data: bytes) -> Header:
    """Reads as far as the first frame; nothing after it goes on."""
    width, height = _number(data, 6), _number(data, 8)
    start, left = 13 + _table(data[10]), _MOST_BLOCKS
    table, control, position = data[12:start], b"", start
    while data[position] == _EXTENSION:
        start, kind = position, data[position + 1]
        _, position, left = _after_blocks(data, start + 2, left)
        control = data[start:position] if kind == _GRAPHIC_CONTROL else control
    if data[position] != _IMAGE:
        raise FormatError("GIF with something else where its picture should be, damaged or rare")
    x, y, wide, high = (_number(data, position + offset) for offset in (1, 3, 5, 7))
    last, end, _ = _after_blocks(data, position + 11 + _table(data[position + 9]), left)
    frame = data[position:end]
    if end > len(data):
        # Other programs show it where all pixels are there.
        rest = data[last + 1 :]
        frame = data[position:last] + bytes([len(rest)]) + rest + bytes(len(rest) > 0)
    whole = max(width, x + wide), max(height, y + high)
    # OpenCV refuses frames that reach beyond the screen, which other programs enlarge, and a
    # background beyond the colours. Pillow's is the first colour.
    size = b"".join(side.to_bytes(2, "little") for side in whole)
    return Header(
        *whole,
        data[:6] + size + data[10:11] + b"\0" + table + control + frame + _END,
        has_alpha=bool(control and control[3] & 1) or (wide, high) != whole,
        is_rare=True,
    )


def _table(flags: int) -> int:
    """Bytes of a colour table."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, position: int, left: int) -> tuple[int, int, int]:
    """Where the last of these sub-blocks is, where they end, and how many more there may be."""
    last = position
    while position < len(data) and data[position] and left:
        last, position, left = position, position + 1 + data[position], left - 1
    if not left:
        raise ImageError(f"GIF with over {_MOST_BLOCKS} blocks, damaged")
    return last, position + 1, left - 1


def _number(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 2], "little")

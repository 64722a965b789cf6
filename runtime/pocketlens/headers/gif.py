"""GIF (version 89a): the first frame."""

from __future__ import annotations

from pocketlens.errors import ImageError
from pocketlens.headers.header import Header

_EXTENSION, _IMAGE, _END = 0x21, 0x2C, b"\x3b"
_GRAPHIC_CONTROL = 0xF9
_MOST_BLOCKS = 1_000_000


def read(data: bytes) -> Header:
    """Reads as far as the first frame; nothing after it goes on."""
    width, height = _number(data, 6), _number(data, 8)
    position, left = 13 + _table(data[10]), _MOST_BLOCKS
    transparent = False
    while data[position] == _EXTENSION:
        if data[position + 1] == _GRAPHIC_CONTROL:
            transparent = bool(data[position + 3] & 1)
        position, left = _after_blocks(data, position + 2, left)
    if data[position] != _IMAGE:
        raise ImageError("GIF without a picture, cut off or damaged")
    x, y, wide, high = (_number(data, position + offset) for offset in (1, 3, 5, 7))
    end, _ = _after_blocks(data, position + 11 + _table(data[position + 9]), left)
    whole = max(width, x + wide), max(height, y + high)
    # OpenCV refuses frames that reach beyond the screen, which other programs enlarge.
    size = b"".join(side.to_bytes(2, "little") for side in whole)
    return Header(
        *whole,
        data[:6] + size + data[10:end] + _END,
        has_alpha=transparent or (wide, high) != whole,
    )


def _table(flags: int) -> int:
    """Bytes of a colour table."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, position: int, left: int) -> tuple[int, int]:
    """The position after a chain of sub-blocks, and how many more there may be in the file."""
    while left:
        left -= 1
        size = data[position]
        position += 1 + size
        if not size:
            return position, left
    raise ImageError(f"GIF with over {_MOST_BLOCKS} blocks, damaged")


def _number(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 2], "little")

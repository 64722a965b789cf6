"""Boxes (ISO/IEC 14496-12 and 23008-12): what AVIF and HEIF files are made of."""

from __future__ import annotations

from collections.abc import Iterator

from pocketlens.errors import ImageError

MOST_LAYERS = 8
"""Times the area of a picture that all its items together may cover: tiles, alpha, thumbnails."""
_MOST_BOXES = _MOST_ITEMS = 10_000
_FIRST, _PICTURES = b"ftyp", b"mdat"


def boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yields the name of each box, and where its content starts and ends.

    A file, which starts at 0, ends where something else follows its last box, or another file does.

    Raises:
        ImageError: A box is cut off, or there are too many.
    """
    is_file = start == 0
    for number in range(_MOST_BOXES):
        if start + 8 > end:
            return
        size, name = _number(data[start : start + 4]), data[start + 4 : start + 8]
        content = start + 8
        if size == 1:
            size, content = _number(data[content : content + 8]), start + 16
        stop = start + size if size else end
        is_whole = content <= stop <= end
        if is_file and number and (name == _FIRST or not (is_whole or name == _PICTURES)):
            return
        if not is_whole:
            raise ImageError("AVIF or HEIC whose box runs past its end, cut off or damaged")
        yield name, content, stop
        start = stop
    raise ImageError(f"AVIF or HEIC with more than {_MOST_BOXES} boxes, damaged")


def associations(content: bytes) -> Iterator[tuple[int, list[int]]]:
    """Yields each item of a box ipma, and the places of its properties among all properties.

    Raises:
        IndexError, ImageError: It is cut off, or there are too many.
    """
    wide_item, wide_index = 4 if content[0] else 2, 2 if content[3] & 1 else 1
    count, position = _number(content[4:8]), 8
    if count > _MOST_ITEMS:
        raise ImageError(f"AVIF or HEIC with {count} items, damaged")
    for _ in range(count):
        item = _number(content[position : position + wide_item])
        position += wide_item
        start, position = position + 1, position + 1 + content[position] * wide_index
        if position > len(content):
            raise ImageError("AVIF or HEIC whose list of properties is cut off")
        # The highest bit says that a reader must know the property; 0 stands for none.
        indices = (
            _number(content[place : place + wide_index]) & (1 << 8 * wide_index - 1) - 1
            for place in range(start, position, wide_index)
        )
        yield item, [index - 1 for index in indices if index]


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")

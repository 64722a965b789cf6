"""HEIF (ISO/IEC 23008-12): what its decoder is not to be trusted with."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_MOST_BOXES = 10_000


def item_sizes(data: bytes) -> list[tuple[int, int]]:
    """Width and height of every image item: tiles, masks and thumbnails too.

    Raises:
        struct.error, IndexError, ValueError: The file is damaged.
    """
    meta, end = _the_one(data, b"meta", 0, len(data))
    properties = _the_one(data, b"iprp", meta + 4, end)
    sizes = [
        struct.unpack_from(">II", data, start + 4) if name == b"ispe" else None
        for name, start, _ in _boxes(data, *_the_one(data, b"ipco", *properties))
    ]
    position, end = _the_one(data, b"ipma", *properties)
    version, flags, count = struct.unpack_from(">B3sI", data, position)
    wide_item, wide_index = 4 if version else 2, 2 if flags[2] & 1 else 1
    position += 8
    found = []
    for _ in range(count):
        position += wide_item
        stop = position + 1 + data[position] * wide_index
        if stop > end:
            raise ValueError("its list of properties is cut off")
        for place in range(position + 1, stop, wide_index):
            index = int.from_bytes(data[place : place + wide_index], "big")
            number = index & (1 << 8 * wide_index - 1) - 1
            if number and (size := sizes[number - 1]):
                found.append(size)
        position = stop
    return found


def _the_one(data: bytes, name: bytes, position: int, end: int) -> tuple[int, int]:
    """Start and end of the content of the box of that name."""
    found = [(start, stop) for each, start, stop in _boxes(data, position, end) if each == name]
    if len(found) != 1:
        raise ValueError(f"{len(found)} boxes {name.decode()!r}, expected one")
    return found[0]


def _boxes(data: bytes, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yields (name, start, end) of the content of each box."""
    for _ in range(_MOST_BOXES):
        if position + 8 > end:
            return
        size, name = struct.unpack_from(">I4s", data, position)
        start = position + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = position + size if size else end
        if not start <= stop <= end:
            raise ValueError(f"its box {name!r} is cut off")
        yield name, start, stop
        position = stop
    raise ValueError(f"over {_MOST_BOXES} boxes")

"""HEIF (ISO/IEC 23008-12): what its decoder is not to be trusted with."""

from __future__ import annotations

import struct

from pocketlens.pictures.formats.boxes import associations, boxes


def own_part(data: bytes) -> bytes:
    """The file without what follows its last box, such as a video."""
    return data[: max(end for _, _, end in boxes(data, 0, len(data)))]


def item_sizes(data: bytes) -> list[tuple[int, int]]:
    """Width and height of every image item: tiles, masks and thumbnails too.

    Raises:
        struct.error, IndexError, ValueError, ImageError: The file is damaged.
    """
    meta, end = _the_one(data, b"meta", 0, len(data))
    properties = _the_one(data, b"iprp", meta + 4, end)
    sizes = [
        struct.unpack_from(">II", data, start + 4) if name == b"ispe" else None
        for name, start, _ in boxes(data, *_the_one(data, b"ipco", *properties))
    ]
    start, end = _the_one(data, b"ipma", *properties)
    found = (sizes[place] for _, places in associations(data[start:end]) for place in places)
    return [size for size in found if size]


def _the_one(data: bytes, name: bytes, start: int, end: int) -> tuple[int, int]:
    """Start and end of the content of the box of that name."""
    found = [place for each, *place in boxes(data, start, end) if each == name]
    if len(found) != 1:
        raise ValueError(f"{len(found)} boxes {name.decode()!r}, expected one")
    return found[0][0], found[0][1]

"""AVIF: the primary item of its boxes, and the sizes of what is coded."""

from __future__ import annotations

from collections.abc import Iterator

from pocketlens.errors import FormatError, ImageError
from pocketlens.pictures.formats import unsupported
from pocketlens.pictures.formats.av1 import coded_size
from pocketlens.pictures.formats.boxes import MOST_LAYERS, associations, boxes
from pocketlens.pictures.formats.header import Header

_ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
_CONTAINERS = {b"meta": (b"", 4), b"iprp": (b"meta", 0), b"ipco": (b"iprp", 0)}
"""Boxes of boxes: what they stand in, and how many bytes stand before the inner ones."""
_PROPERTIES = b"ipco"
_PARENTS = {
    **{name: parent for name, (parent, _) in _CONTAINERS.items()},
    **dict.fromkeys((b"pitm", b"iloc", b"iinf"), b"meta"),
    b"ipma": b"iprp",
}
"""Boxes that there must be, and where; the same elsewhere mean nothing."""
_DATA, _PICTURES = b"idat", b"mdat"
_MOST_ITEMS = 1_000
_AV1 = b"av01"
_LONGEST_BRANDS = 256

# (quarter turns against the clock, mirror axis) -> the orientation of EXIF
_ORIENTATIONS = {
    (0, None): 1,
    (1, None): 8,
    (2, None): 3,
    (3, None): 6,
    (0, 0): 4,
    (0, 1): 2,
    (1, 0): 5,
    (1, 1): 7,
    (2, 0): 2,
    (2, 1): 4,
    (3, 0): 7,
    (3, 1): 5,
}


def is_avif(start: bytes) -> bool:
    """Whether the brands in the first bytes of a file of boxes say that it is an AVIF."""
    return b"avif" in start[8 : min(_number(start[:4]), _LONGEST_BRANDS)]


def read(data: bytes) -> Header:
    """Reads the items' sizes from the boxes and from the coded pictures themselves.

    OpenCV 5.0 decodes what is coded, however small the boxes say it is. A sequence's tracks are not
    looked at: its still picture goes on.
    """
    if not is_avif(data):
        raise FormatError(unsupported.refusal(data))
    found: dict[bytes, bytes] = {}
    properties: list[tuple[bytes, bytes]] = []
    for name, parent, content in _contents(data, 0, len(data), b""):
        if parent == _PROPERTIES:
            properties.append((name, content))
        elif _PARENTS.get(name) == parent or (name, parent) == (_DATA, b"meta"):
            if name in found:
                raise ImageError(f"AVIF with two boxes {name.decode()!r}, damaged")
            found[name] = content
    for name in _PARENTS:
        if name not in found:
            raise ImageError(f"AVIF without a box {name.decode()!r}, no still picture or damaged")
    primary = _number(found[b"pitm"][4:8] if found[b"pitm"][0] else found[b"pitm"][4:6])
    places = next((own for item, own in associations(found[b"ipma"]) if item == primary), [])
    own = [properties[place] for place in places if place < len(properties)]
    sizes = [_size(content) for name, content in own if name == b"ispe"]
    sources = {0: memoryview(data), 1: memoryview(found.get(_DATA, b""))}
    coded = [coded_size(item) for item in _items(found[b"iloc"], found[b"iinf"], sources)]
    if not sizes or not coded:
        raise ImageError("AVIF without the size of its picture, damaged")
    largest = max(sizes + coded, key=lambda size: size[0] * size[1])
    area = largest[0] * largest[1]
    if sum(width * height for width, height in coded) > MOST_LAYERS * area:
        raise ImageError("AVIF whose parts are many times as large as the picture, damaged")
    turns = next((content[0] & 3 for name, content in own if name == b"irot"), 0)
    axis = next((content[0] & 1 for name, content in own if name == b"imir"), None)
    return Header(
        largest[0],
        largest[1],
        data[:8] + b"avif" + data[12:],
        _ORIENTATIONS[turns, axis],
        has_alpha=any(name == b"auxC" and _ALPHA in content for name, content in properties),
        is_rare=True,
    )


def _contents(data: bytes, start: int, end: int, parent: bytes) -> Iterator[tuple[bytes, ...]]:
    """Yields (name, parent, content); of boxes of boxes, and of the pictures, no content."""
    for name, inner, stop in boxes(data, start, end):
        within, skipped = _CONTAINERS.get(name, (name, 0))
        if within == parent:
            yield name, parent, b""
            yield from _contents(data, inner + skipped, stop, name)
        else:
            yield name, parent, b"" if name == _PICTURES else data[inner:stop]


def _items(
    locations: bytes, infos: bytes, sources: dict[int, memoryview]
) -> Iterator[bytes | memoryview]:
    """The data of the coded items, which lie in the file or in a box of their own."""
    coded, left = _coded_items(infos), sum(map(len, sources.values()))
    version = locations[0]
    offset_size, length_size = locations[4] >> 4, locations[4] & 15
    base_size, index_size = locations[5] >> 4, locations[5] & 15 if version else 0
    wide = 4 if version == 2 else 2
    position = 6 + wide
    for _ in range(min(_number(locations[6:position]), _MOST_ITEMS)):
        item = _number(locations[position : position + wide])
        position += wide
        method = _number(locations[position : position + 2]) & 15 if version else 0
        position += (2 if version else 0) + 2
        base = _number(locations[position : position + base_size])
        position += base_size
        count = _number(locations[position : position + 2])
        position += 2
        start, step = position + index_size, index_size + offset_size + length_size
        position += count * step
        if position > len(locations):
            raise ImageError("AVIF whose list of items is cut off")
        if item not in coded:
            continue
        if method not in sources:
            raise FormatError("AVIF whose picture is made of other items' data, not supported")
        pieces = []
        for place in range(start, position, step or 1):
            offset = base + _number(locations[place : place + offset_size])
            length = _number(locations[place + offset_size : place + step - index_size])
            pieces.append(sources[method][offset : offset + length])
            left -= length
            if not length or len(pieces[-1]) < length or left < 0:
                raise ImageError("AVIF whose picture runs past its end, cut off or damaged")
        yield pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _coded_items(infos: bytes) -> set[int]:
    """The numbers of the items that are coded pictures."""
    position = 8 if infos[0] else 6
    found = set()
    for name, start, stop in boxes(infos, position, len(infos)):
        content = infos[start:stop]
        wide = 4 if content[:1] == b"\3" else 2
        if name == b"infe" and content[6 + wide : 10 + wide] == _AV1:
            found.add(_number(content[4 : 4 + wide]))
    return found


def _size(content: bytes) -> tuple[int, int]:
    return _number(content[4:8]), _number(content[8:12])


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")

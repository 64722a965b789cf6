"""TIFF (revision 6.0): the tags of the first picture decide whether it is decoded."""

from __future__ import annotations

import struct
from typing import Any

from pocketlens.errors import FormatError, ImageError
from pocketlens.pictures.formats.header import Header

_REDUCED, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_SAMPLES, _PLANAR, _TILE_WIDTH, _TILE_HEIGHT, _EXTRA, _FORMAT = 277, 284, 322, 323, 338, 339
_DNG = 50706
_READ = frozenset((254, *range(256, 260), 262, 277, 284, 322, 323, 338, 339, _DNG))
_KINDS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q"}
"""Of TIFF's types those that libtiff, too, takes for whole numbers."""
_MOST_ENTRIES, _MOST_VALUES = 1000, 16
_RGB, _PALETTE, _CMYK, _YCBCR = 2, 3, 5, 6
_ASSOCIATED = 1
_CANON = b"CR\2\0"

# What OpenCV 5.0 decodes as others do: photometric interpretation -> samples of a pixel.
_SUPPORTED = {0: (1,), 1: (1,), _RGB: (3, 4), _PALETTE: (1,), _CMYK: (4,), _YCBCR: (3,)}
# None, three of fax machines, LZW, JPEG, deflate under two numbers, PackBits.
_COMPRESSIONS = (1, 2, 3, 4, 5, 7, 8, 32946, 32773)
_BITS_OF = {
    0: (1, 8, 16),
    1: (1, 8, 16),
    _PALETTE: (1, 4, 8),
    _CMYK: (8,),
    _YCBCR: (8,),
}


def read(data: bytes) -> Header:
    """Reads the first directory; OpenCV itself applies a TIFF's orientation."""
    tags = _read_tags(data)
    if tags.get(_REDUCED, (0,))[0] & 1 or _DNG in tags or data.startswith(_CANON, 8):
        # No FormatError: other programs, too, would take the small preview for the picture.
        raise ImageError("a camera raw, or a TIFF that begins with a preview; export it as JPEG")
    width, height = tags.get(_WIDTH, (0,))[0], tags.get(_HEIGHT, (0,))[0]
    bits, sample_format = tags.get(_BITS, (1,)), tags.get(_FORMAT, (1,))
    photometric, samples = tags.get(_PHOTOMETRIC, (1,))[0], tags.get(_SAMPLES, (1,))[0]
    compression = tags.get(_COMPRESSION, (1,))[0]
    planar, extra = tags.get(_PLANAR, (1,))[0], tags.get(_EXTRA, (None,))[0]
    if (
        samples not in _SUPPORTED.get(photometric, ())
        or set(sample_format) != {1}
        or len(set(bits)) != 1
        or bits[0] not in _BITS_OF.get(photometric, (8, 16))
        or (planar != 1 and bits[0] != 8)
        or extra == 0
        or compression not in _COMPRESSIONS
    ):
        raise FormatError(
            f"a kind of TIFF that is not supported ({samples} samples of {bits[0]} bits, format "
            f"{sample_format[0]}, photometric {photometric}, compression {compression}); "
            "save it as PNG"
        )
    # A tile's memory is taken whole, however small the picture is.
    tile = _tile_size(tags)
    return Header(
        max(width, tile[0]) if width else 0,
        max(height, tile[1]) if height else 0,
        data,
        has_alpha=photometric == _RGB and samples == 4,
        # libtiff multiplies 8-bit colours that are not, and OpenCV has the others as they are.
        premultiplied=extra is not None and (bits[0] == 8 or extra == _ASSOCIATED),
        bits=bits[0],
        white_is_zero=photometric == 0,
    )


def tile_size(data: bytes) -> tuple[int, int]:
    """Width and height of a tile of the first picture; 1 and 1 where it has none.

    Raises:
        struct.error, ImageError: The file is cut off or damaged.
    """
    return _tile_size(_read_tags(data))


def _tile_size(tags: dict[int, tuple[Any, ...]]) -> tuple[int, int]:
    return tags.get(_TILE_WIDTH, (1,))[0], tags.get(_TILE_HEIGHT, (1,))[0]


def _read_tags(data: bytes) -> dict[int, tuple[Any, ...]]:
    """The tags that decide, by number."""
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", data, 2) == (43,)
    word = "Q" if big else "I"
    wide = struct.calcsize(f"<{word}")
    entry, head = f"{order}HH{word}{wide}s", "Q" if big else "H"
    (start,) = struct.unpack_from(f"{order}{word}", data, 8 if big else 4)
    (count,) = struct.unpack_from(f"{order}{head}", data, start)
    if count > _MOST_ENTRIES:
        raise ImageError(f"TIFF with {count} tags, damaged")
    tags: dict[int, tuple[Any, ...]] = {}
    for number in range(count):
        place = start + struct.calcsize(f"<{head}") + number * struct.calcsize(entry)
        tag, kind, values, inside = struct.unpack_from(entry, data, place)
        # Of several of a kind libtiff takes the first.
        if tag not in _READ or tag in tags:
            continue
        if kind not in _KINDS or not 0 < values <= _MOST_VALUES:
            raise ImageError(f"TIFF whose tag {tag} has {values} values of type {kind}, damaged")
        form = f"{order}{values}{_KINDS[kind]}"
        if struct.calcsize(form) <= wide:
            tags[tag] = struct.unpack_from(form, inside)
        else:
            (outside,) = struct.unpack(f"{order}{word}", inside)
            tags[tag] = struct.unpack_from(form, data, outside)
    return tags

"""Odd AVIFs."""

from __future__ import annotations

import struct

from odd import exif
from odd.boxes import Item, box, build, full_box
from odd.containers import HEIGHT, WIDTH, picture, save
from odd.jpeg import VIDEO


def _coded(letters: str, width: int = WIDTH, height: int = HEIGHT) -> tuple[bytes, bytes]:
    """The AV1 data of a picture, and its box av1C."""
    data = save(picture(letters, width, height), "AVIF", quality=95, subsampling="4:4:4")
    place = data.index(b"av1C") - 4
    settings = data[place : place + int.from_bytes(data[place : place + 4], "big")]
    return data[data.index(b"mdat") + 4 :], settings


_DATA, _SETTINGS = _coded("RGBY")
_OTHER, _OTHER_SETTINGS = _coded("MMMM", 16, 16)
_SECOND, _SECOND_SETTINGS = _coded("MMMM")
_PIXELS = full_box(b"pixi", b"\3\x08\x08\x08")


def _size(width: int = WIDTH, height: int = HEIGHT) -> bytes:
    return full_box(b"ispe", struct.pack(">II", width, height))


def _irot(turns: int) -> bytes:
    return box(b"irot", bytes([turns]))


def _imir(axis: int) -> bytes:
    return box(b"imir", bytes([axis]))


def _clap(width: int, height: int, x: int = 0, y: int = 0) -> bytes:
    return box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, x, 1, y, 1))


_PLAIN = [_size(), _PIXELS, _SETTINGS]
_OWN = Item(1, b"av01", [_DATA], _PLAIN)


def _turned(*properties: bytes) -> Item:
    return Item(1, b"av01", [_DATA], [*_PLAIN, *properties])


def _exif_item(block: bytes, number: int = 2, offset: int = 0, prefix: bytes = b"") -> Item:
    return Item(number, b"Exif", [struct.pack(">I", offset) + prefix + block])


def _grid(rows: int, columns: int, width: int, height: int) -> bytes:
    return struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)


_TILES = [_coded(letter * 4, 64, 64) for letter in "RGBY"]
_TILE_ITEMS = [
    Item(number, b"av01", [data], [_size(64, 64), _PIXELS, settings], hidden=True)
    for number, (data, settings) in enumerate(_TILES, 2)
]


def _tiled(*properties: bytes, width: int = 128, height: int = 128, method: int = 1) -> bytes:
    grid = Item(
        1,
        b"grid",
        [_grid(2, 2, width, height)],
        [_size(width, height), _PIXELS, *properties],
        method,
    )
    return build([grid, *_TILE_ITEMS], (b"dimg", 1, [2, 3, 4, 5]))


_THUMBNAIL = Item(2, b"av01", [_OTHER], [_size(16, 16), _PIXELS, _OTHER_SETTINGS])
_TURNED = build([_turned(_irot(3))])

_TURNS = {
    **{f"irot {n}": build([_turned(_irot(n))]) for n in range(4)},
    **{f"imir {n}": build([_turned(_imir(n))]) for n in range(2)},
    **{
        f"irot {n}, imir {axis}": build([_turned(_irot(n), _imir(axis))])
        for n in range(4)
        for axis in range(2)
    },
    **{f"imir {axis}, irot 1": build([_turned(_imir(axis), _irot(1))]) for axis in range(2)},
    "two irot": build([_turned(_irot(3), _irot(1))]),
    "irot 1 twice": build([_turned(_irot(1), _irot(1))]),
    "two imir": build([_turned(_imir(0), _imir(1))]),
    "irot not essential": build([_turned(_irot(3))], essential=False),
    "irot with high bits": build([_turned(_irot(0xFF))]),
    "imir with high bits": build([_turned(_imir(0xFE))]),
    "irot of another item": build([_OWN, Item(2, b"av01", [_SECOND], [*_PLAIN, _irot(3)])]),
    "EXIF alone": build([_OWN, _exif_item(exif.turned(6))], (b"cdsc", 2, [1])),
    "EXIF alone, not referred to": build([_OWN, _exif_item(exif.turned(6))]),
    "EXIF 3, irot 3": build([_turned(_irot(3)), _exif_item(exif.turned(3))], (b"cdsc", 2, [1])),
    "EXIF 1, irot 3": build([_turned(_irot(3)), _exif_item(exif.turned(1))], (b"cdsc", 2, [1])),
    "EXIF damaged, irot 3": build([_turned(_irot(3)), _exif_item(b"XX")], (b"cdsc", 2, [1])),
    "EXIF after a name, irot 3": build(
        [_turned(_irot(3)), _exif_item(exif.turned(6), 2, 6, b"Exif\0\0")], (b"cdsc", 2, [1])
    ),
    "clean aperture": build([_turned(_clap(24, 16))]),
    "clean aperture, odd place": build([_turned(_clap(24, 16, -12, -8))]),
    "clean aperture of the whole": build([_turned(_clap(WIDTH, HEIGHT))]),
    "clean aperture, turned": build([_turned(_clap(24, 16), _irot(3))]),
    "clean aperture too large": build([_turned(_clap(96, 64))]),
    "shape of pixels": build([_turned(box(b"pasp", struct.pack(">II", 2, 1)))]),
}

_ITEMS = {
    "thumbnail": build([_turned(_irot(3)), _THUMBNAIL], (b"thmb", 2, [1])),
    "thumbnail first": build(
        [
            Item(1, b"av01", [_OTHER], [_size(16, 16), _PIXELS, _OTHER_SETTINGS]),
            Item(2, b"av01", [_DATA], [*_PLAIN, _irot(3)]),
        ],
        (b"thmb", 1, [2]),
        primary=2,
    ),
    "two pictures": build([_turned(_irot(3)), Item(2, b"av01", [_SECOND], _PLAIN)]),
    "two pictures, the second primary": build(
        [Item(1, b"av01", [_SECOND], _PLAIN), Item(2, b"av01", [_DATA], [*_PLAIN, _irot(3)])],
        primary=2,
    ),
    "primary that is not there": build([_OWN], primary=7),
    "primary that is EXIF": build([_OWN, _exif_item(exif.turned(6))], primary=2),
    "grid": _tiled(),
    "grid turned": _tiled(_irot(3)),
    "grid turned, mirrored": _tiled(_irot(1), _imir(1)),
    "grid cut to size": _tiled(width=100, height=90),
    "grid in mdat": _tiled(method=0),
    "two pieces": build([Item(1, b"av01", [_DATA[:33], _DATA[33:]], _PLAIN)]),
    "many pieces": build(
        [Item(1, b"av01", [_DATA[i : i + 50] for i in range(0, len(_DATA), 50)], _PLAIN)]
    ),
    "picture in idat": build([Item(1, b"av01", [_DATA], [*_PLAIN, _irot(3)], method=1)]),
    "two pieces in idat": build([Item(1, b"av01", [_DATA[:33], _DATA[33:]], _PLAIN, method=1)]),
    "identity": build(
        [Item(1, b"iden", [b""], [_size(), _PIXELS, _irot(3)]), Item(2, b"av01", [_DATA], _PLAIN)],
        (b"dimg", 1, [2]),
    ),
    "hidden primary": build([Item(1, b"av01", [_DATA], _PLAIN, hidden=True)]),
    "size said smaller": build([Item(1, b"av01", [_DATA], [_size(24, 16), _PIXELS, _SETTINGS])]),
    "size said larger": build([Item(1, b"av01", [_DATA], [_size(96, 64), _PIXELS, _SETTINGS])]),
    "sizes said twice": build(
        [Item(1, b"av01", [_DATA], [_size(), _size(24, 16), _PIXELS, _SETTINGS])]
    ),
}

_BRANDS = {
    "brand mif1": build([_turned(_irot(3))], brand=b"mif1"),
    "brand mif1, avif not listed": build([_OWN], brand=b"mif1", brands=b"mif1miaf"),
    "brand avis without a sequence": build([_OWN], brand=b"avis"),
    "brand avio": build([_OWN], brand=b"avio"),
    "brand avif alone": build([_OWN], brands=b""),
    "brand miaf": build([_OWN], brand=b"miaf"),
    "sequence": save(picture(), "AVIF", quality=95, save_all=True, append_images=[picture("MMMM")]),
    "sequence that begins otherwise": save(
        picture("MMMM"), "AVIF", quality=95, save_all=True, append_images=[picture()]
    ),
}

_ENDS = {
    "video after it": _TURNED + VIDEO,
    "zeros after it": _TURNED + bytes(5000),
    "four zeros after it": _TURNED + bytes(4),
    "another AVIF after it": _TURNED + build([_OWN]),
    "a free box after it": _TURNED + box(b"free", bytes(9)),
    "text after it": _TURNED + b"\r\n<html>" * 20,
    "one byte after it": _TURNED + b"\0",
    "mdat to the end": _TURNED.replace(box(b"mdat", b"")[4:8], b"mdat"),
    "mdat of size 0": _TURNED[: _TURNED.index(b"mdat") - 4]
    + bytes(4)
    + _TURNED[_TURNED.index(b"mdat") :],
    "free box first": _TURNED[:0] + box(b"free", b"") + _TURNED,
}

FILES = {**_TURNS, **_ITEMS, **_BRANDS, **_ENDS}

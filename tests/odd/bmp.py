"""Odd BMPs."""

from __future__ import annotations

import struct

import numpy as np

from odd.containers import HEIGHT, WIDTH, picture
from odd.jpeg import VIDEO

_RGB = np.asarray(picture())


def _rows(
    bits: int, shifts: tuple[int, ...], widths: tuple[int, ...], *, flip: bool = True
) -> bytes:
    """Pixels whose channels stand at these shifts, with these numbers of bits."""
    values = np.zeros((HEIGHT, WIDTH), np.uint32)
    for channel, shift, width in zip(np.moveaxis(_RGB, 2, 0), shifts, widths, strict=False):
        values |= (channel.astype(np.uint32) * ((1 << width) - 1) + 127) // 255 << shift
    if len(shifts) == 4:
        values |= np.uint32(((1 << widths[3]) - 1) << shifts[3])
    rows = values.astype("<u4").view(np.uint8).reshape(HEIGHT, WIDTH, 4)[..., : bits // 8]
    return (rows[::-1] if flip else rows).tobytes()


def _bmp(
    bits: int,
    body: bytes,
    *,
    compression: int = 0,
    size: int = 40,
    masks: tuple[int, ...] = (),
    height: int = HEIGHT,
    gap: int = 0,
    colors: int = 0,
) -> bytes:
    head = struct.pack(
        "<IiiHHIIiiII", size, WIDTH, height, 1, bits, compression, 0, 0, 0, colors, 0
    )
    words = b"".join(struct.pack("<I", mask) for mask in masks)
    head += words.ljust(max(size - 40, len(words)), b"\0") + bytes(gap)
    offset = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + head + body


def _masks(shifts: tuple[int, ...], widths: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(((1 << width) - 1) << shift for shift, width in zip(shifts, widths, strict=True))


_KINDS: dict[str, tuple[int, tuple[int, ...], tuple[int, ...]]] = {
    "565": (16, (11, 5, 0), (5, 6, 5)),
    "555": (16, (10, 5, 0), (5, 5, 5)),
    "1555": (16, (10, 5, 0, 15), (5, 5, 5, 1)),
    "444": (16, (8, 4, 0), (4, 4, 4)),
    "4444": (16, (8, 4, 0, 12), (4, 4, 4, 4)),
    "BGR 565": (16, (0, 5, 11), (5, 6, 5)),
    "888": (32, (16, 8, 0), (8, 8, 8)),
    "8888": (32, (16, 8, 0, 24), (8, 8, 8, 8)),
    "RGBA": (32, (24, 16, 8, 0), (8, 8, 8, 8)),
    "ABGR": (32, (0, 8, 16, 24), (8, 8, 8, 8)),
    "BGR0": (32, (0, 8, 16), (8, 8, 8)),
    "888 at 8": (32, (24, 16, 8), (8, 8, 8)),
    "10 bits": (32, (20, 10, 0), (10, 10, 10)),
}
_PLAIN = _rows(24, (16, 8, 0), (8, 8, 8))

FILES = {
    **{
        f"{name}, header of {size}": _bmp(
            kind[0], _rows(*kind), compression=3, size=size, masks=_masks(*kind[1:])
        )
        for name, kind in _KINDS.items()
        for size in (40, 52, 56, 108, 124)
        if size != 52 or len(kind[1]) == 3
    },
    "16 bits without masks": _bmp(16, _rows(*_KINDS["555"])),
    "32 bits without masks": _bmp(32, _rows(*_KINDS["888"])),
    "32 bits without masks, fourth byte 255": _bmp(32, _rows(*_KINDS["8888"])),
    "32 bits without masks, fourth byte 128": _bmp(
        32, bytes(128 if i % 4 == 3 else b for i, b in enumerate(_rows(*_KINDS["888"])))
    ),
    "32 bits without masks, header of 124": _bmp(32, _rows(*_KINDS["8888"]), size=124),
    "masks of six channels": _bmp(
        32, _rows(*_KINDS["8888"]), compression=6, size=40, masks=_masks(*_KINDS["8888"][1:])
    ),
    "top row first": _bmp(24, _rows(24, (16, 8, 0), (8, 8, 8), flip=False), height=-HEIGHT),
    "565, top row first": _bmp(
        16,
        _rows(*_KINDS["565"], flip=False),
        compression=3,
        masks=_masks(*_KINDS["565"][1:]),
        height=-HEIGHT,
    ),
    "gap before the pixels": _bmp(24, _PLAIN, gap=70),
    "565, gap before the pixels": _bmp(
        16, _rows(*_KINDS["565"]), compression=3, masks=_masks(*_KINDS["565"][1:]), gap=6
    ),
    "header of 64": _bmp(24, _PLAIN, size=64),
    "header of 16": _bmp(24, _PLAIN)[:10]
    + struct.pack("<I", 30)
    + struct.pack("<IiiHH", 16, WIDTH, HEIGHT, 1, 24)
    + _PLAIN,
    "header of 12": b"BM"
    + struct.pack("<IHHI", 26 + len(_PLAIN), 0, 0, 26)
    + struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, 24)
    + _PLAIN,
    "data after it": _bmp(24, _PLAIN) + VIDEO,
    "another after it": _bmp(24, _PLAIN) * 2,
    "size of the file 0": _bmp(24, _PLAIN)[:2] + bytes(4) + _bmp(24, _PLAIN)[6:],
    "offset 0": _bmp(24, _PLAIN)[:10] + bytes(4) + _bmp(24, _PLAIN)[14:],
    "no planes": _bmp(24, _PLAIN)[:26] + bytes(2) + _bmp(24, _PLAIN)[28:],
    "colours beside 24 bits": _bmp(24, _PLAIN, colors=5, gap=20),
    "last row cut": _bmp(24, _PLAIN)[:-1],
}

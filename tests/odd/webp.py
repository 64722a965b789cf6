"""Odd WebPs."""

from __future__ import annotations

import struct

from odd import exif
from odd.containers import HEIGHT, WIDTH, picture, riff, riff_chunk, save
from odd.jpeg import VIDEO

_ALPHA, _EXIF, _XMP, _ANIMATION = 0x10, 0x08, 0x04, 0x02


def _picture_chunk(letters: str, width: int = WIDTH, height: int = HEIGHT, **options: int) -> bytes:
    return save(picture(letters, width, height), "WEBP", **options)[12:]


_LOSSLESS = _picture_chunk("RGBY", lossless=True)
_LOSSY = _picture_chunk("RGBY", quality=95)
_OTHER = _picture_chunk("MMMM", 16, 16, lossless=True)
_SECOND = _picture_chunk("MMMM", lossless=True)
_SIX, _THREE, _ONE = (riff_chunk(b"EXIF", exif.turned(n)) for n in (6, 3, 1))


def _head(flags: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    sides = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    return riff_chunk(b"VP8X", struct.pack("<I", flags) + sides)


def _frame(x: int, y: int, width: int, height: int, content: bytes, flags: int = 2) -> bytes:
    values = b"".join(
        value.to_bytes(3, "little") for value in (x // 2, y // 2, width - 1, height - 1, 100)
    )
    return riff_chunk(b"ANMF", values + bytes([flags]) + content)


_LOOP = riff_chunk(b"ANIM", b"\xff\xff\xff\xff\0\0")
_TURNED = riff(_head(_EXIF), _LOSSLESS, _SIX)
_WHOLE = _frame(0, 0, WIDTH, HEIGHT, _LOSSLESS)
_ODD = riff_chunk(b"JUNK", b"odd")

_BLOCK_PLACES = {
    "after the picture": _TURNED,
    "before the picture": riff(_head(_EXIF), _SIX, _LOSSLESS),
    "before the head": riff(_SIX, _head(_EXIF), _LOSSLESS),
    "no flag": riff(_head(0), _LOSSLESS, _SIX),
    "no flag, before": riff(_head(0), _SIX, _LOSSLESS),
    "no head": riff(_LOSSLESS, _SIX),
    "no head, lossy": riff(_LOSSY, _SIX),
    "no head, before": riff(_SIX, _LOSSLESS),
    "flag without a block": riff(_head(_EXIF), _LOSSLESS),
    "all flags": riff(_head(_EXIF | _XMP | 0x20), _LOSSLESS, _SIX),
    "reserved flags": riff(_head(_EXIF | 0xC1), _LOSSLESS, _SIX),
    "6 then 3": riff(_head(_EXIF), _LOSSLESS, _SIX, _THREE),
    "3 then 6": riff(_head(_EXIF), _LOSSLESS, _THREE, _SIX),
    "1 then 6": riff(_head(_EXIF), _LOSSLESS, _ONE, _SIX),
    "6 then 1": riff(_head(_EXIF), _LOSSLESS, _SIX, _ONE),
    "6 before, 3 after": riff(_head(_EXIF), _SIX, _LOSSLESS, _THREE),
    "6 then an empty block": riff(_head(_EXIF), _LOSSLESS, _SIX, riff_chunk(b"EXIF", b"")),
    "an empty block, then 6": riff(_head(_EXIF), _LOSSLESS, riff_chunk(b"EXIF", b""), _SIX),
    "a name before the block": riff(
        _head(_EXIF), _LOSSLESS, riff_chunk(b"EXIF", b"Exif\0\0" + exif.turned(6))
    ),
    "a name with 1 after it": riff(
        _head(_EXIF), _LOSSLESS, riff_chunk(b"EXIF", b"Exif\0\1" + exif.turned(6))
    ),
    "a JPEG's segment": riff(
        _head(_EXIF), _LOSSLESS, riff_chunk(b"EXIF", b"\xff\xe1\0\x28Exif\0\0" + exif.turned(6))
    ),
    "small letters": riff(_head(_EXIF), _LOSSLESS, riff_chunk(b"exif", exif.turned(6))),
    "lossy": riff(_head(_EXIF), _LOSSY, _SIX),
    "6 then XMP": riff(_head(_EXIF | _XMP), _LOSSLESS, _SIX, riff_chunk(b"XMP ", b"<x/>")),
}

_ENDS = {
    "video after it": VIDEO,
    "zeros after it": bytes(5000),
    "another WebP after it": riff(_OTHER),
    "chunks after it": _THREE,
    "one byte after it": b"\0",
    "text after it": b"\r\n<html>" * 20,
}

_SIZES = {
    f"size off by {off}": riff(_head(_EXIF), _LOSSLESS, _SIX, off=off) for off in (-2, -1, 1, 2)
}

_STRUCTURE = {
    "size of 0": b"RIFF\0\0\0\0" + _TURNED[8:],
    "size too small by the block": riff(_head(_EXIF), _LOSSLESS, _SIX, off=-len(_SIX)),
    "last padding left out": riff(_head(_EXIF), _LOSSLESS, _SIX, _ODD)[:-1],
    "last padding left out and not counted": riff(_head(_EXIF), _LOSSLESS, _SIX, _ODD[:-1]),
    "padding of 1": riff(_head(_EXIF), _ODD[:-1] + b"\1", _LOSSLESS, _SIX),
    "odd chunk in between": riff(_head(_EXIF), _ODD, _LOSSLESS, _ODD, _SIX),
    "unknown chunk first": riff(_ODD, _LOSSLESS),
    "unknown chunk after a plain one": riff(_LOSSLESS, _ODD),
    "head after a plain one": riff(_LOSSLESS, _head(_EXIF), _SIX),
    "rubbish after a plain one": riff(_LOSSLESS, b"rubbish, rubbish"),
    "chunk that is cut off after a plain one": riff(_LOSSLESS, b"JUNK\xff\xff\xff\x0f"),
    "two pictures": riff(_head(_EXIF), _LOSSLESS, _OTHER, _SIX),
    "two pictures, no head": riff(_LOSSLESS, _SECOND),
    "two pictures, the other first": riff(_head(_EXIF), _SECOND, _LOSSLESS, _SIX),
    "two heads": riff(_head(0), _head(_EXIF), _LOSSLESS, _SIX),
    "head larger than the picture": riff(_head(_EXIF, 96, 64), _LOSSLESS, _SIX),
    "head smaller than the picture": riff(_head(_EXIF, 24, 16), _LOSSLESS, _SIX),
    "long head": riff(riff_chunk(b"VP8X", _head(_EXIF)[8:] + bytes(4)), _LOSSLESS, _SIX),
    "alpha flag without alpha": riff(_head(_EXIF | _ALPHA), _LOSSY, _SIX),
    "two frames": riff(_head(_ANIMATION), _LOOP, _WHOLE, _frame(0, 0, WIDTH, HEIGHT, _SECOND)),
    "two frames turned": riff(
        _head(_ANIMATION | _EXIF), _LOOP, _WHOLE, _frame(0, 0, WIDTH, HEIGHT, _SECOND), _SIX
    ),
    "one frame turned": riff(_head(_ANIMATION | _EXIF), _LOOP, _WHOLE, _SIX),
    "small first frame": riff(_head(_ANIMATION), _LOOP, _frame(16, 8, 16, 16, _OTHER), _WHOLE),
    "small first frame, transparent around": riff(
        _head(_ANIMATION | _ALPHA), _LOOP, _frame(16, 8, 16, 16, _OTHER), _WHOLE
    ),
    "frame beyond the canvas": riff(_head(_ANIMATION), _LOOP, _frame(40, 24, 16, 16, _OTHER)),
    "frames without the flag": riff(_head(0), _LOOP, _WHOLE),
    "flag without frames": riff(_head(_ANIMATION), _LOOP, _LOSSLESS),
    "frames without ANIM": riff(_head(_ANIMATION), _WHOLE, _WHOLE),
    "frame that claims another size": riff(
        _head(_ANIMATION), _LOOP, _frame(0, 0, 16, 16, _LOSSLESS)
    ),
    "picture after the frames": riff(_head(_ANIMATION), _LOOP, _WHOLE, _SECOND),
    "picture before the frames": riff(_head(_ANIMATION), _LOOP, _SECOND, _WHOLE),
    "a byte before it": b"\0" + _TURNED,
}

FILES = {
    **{
        f"block, {name}": riff(_head(_EXIF), _LOSSLESS, riff_chunk(b"EXIF", block))
        for name, block in exif.BLOCKS.items()
    },
    **_BLOCK_PLACES,
    **{name: _TURNED + tail for name, tail in _ENDS.items()},
    **_SIZES,
    **_STRUCTURE,
}

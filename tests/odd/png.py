"""Odd PNGs."""

from __future__ import annotations

import struct
from zlib import compress

import numpy as np

from odd import exif
from odd.containers import HEIGHT, WIDTH, chunk, picture, save
from odd.jpeg import VIDEO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0))
_OTHER_HEAD = chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
_END = chunk(b"IEND", b"")
_SIX, _THREE, _ONE = (chunk(b"eXIf", exif.turned(n)) for n in (6, 3, 1))
_OTHER = save(picture("MMMM", 16, 16), "PNG")


def _rows(letters: str = "RGBY", width: int = WIDTH, height: int = HEIGHT) -> bytes:
    pixels = np.asarray(picture(letters, width, height))
    return b"".join(b"\0" + row.tobytes() for row in pixels)


_PACKED = compress(_rows())
_IDAT = chunk(b"IDAT", _PACKED)


def _png(*chunks: bytes, head: bytes = _HEAD, end: bytes = _END) -> bytes:
    return SIGNATURE + head + b"".join(chunks) + end


def _raw_profile(block: bytes) -> bytes:
    """As ImageMagick writes EXIF into a text."""
    return b"\nexif\n%8d\n%s\n" % (len(block), block.hex().encode())


_PROFILE = b"Raw profile type exif\0"
_NAMED = b"Exif\0\0" + exif.turned(6)
_XMP = (
    b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf="
    b"'http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description xmlns:tiff="
    b"'http://ns.adobe.com/tiff/1.0/' tiff:Orientation=\"8\"/></rdf:RDF></x:xmpmeta>"
)

_BLOCK_PLACES = {
    "before IDAT": _png(_SIX, _IDAT),
    "after IDAT": _png(_IDAT, _SIX),
    "after IEND": _png(_IDAT) + _SIX,
    "between IDATs": _png(chunk(b"IDAT", _PACKED[:50]), _SIX, chunk(b"IDAT", _PACKED[50:])),
    "6 then 3": _png(_SIX, _THREE, _IDAT),
    "3 then 6": _png(_THREE, _SIX, _IDAT),
    "6 then 1": _png(_SIX, _ONE, _IDAT),
    "1 then 6": _png(_ONE, _SIX, _IDAT),
    "6 before, 3 after IDAT": _png(_SIX, _IDAT, _THREE),
    "1 before, 6 after IDAT": _png(_ONE, _IDAT, _SIX),
    "6 then an empty block": _png(_SIX, chunk(b"eXIf", b""), _IDAT),
    "an empty block, then 6": _png(chunk(b"eXIf", b""), _SIX, _IDAT),
    "9 then 6": _png(chunk(b"eXIf", exif.turned(9)), _SIX, _IDAT),
    "6 then a damaged block": _png(_SIX, chunk(b"eXIf", b"XX*\0"), _IDAT),
    "a name before the block": _png(chunk(b"eXIf", _NAMED), _IDAT),
    "another letter case": _png(chunk(b"exIf", exif.turned(6)), _IDAT),
    "an early draft's chunk": _png(chunk(b"zxIf", exif.turned(6)), _IDAT),
    "checksum of the block wrong": _png(chunk(b"eXIf", exif.turned(6), 0), _IDAT),
    "profile as text": _png(chunk(b"tEXt", _PROFILE + _raw_profile(_NAMED)), _IDAT),
    "profile packed": _png(
        chunk(b"zTXt", _PROFILE + b"\0" + compress(_raw_profile(_NAMED))), _IDAT
    ),
    "profile named APP1": _png(
        chunk(b"zTXt", b"Raw profile type APP1\0\0" + compress(_raw_profile(_NAMED))), _IDAT
    ),
    "profile without the name": _png(
        chunk(b"zTXt", _PROFILE + b"\0" + compress(_raw_profile(exif.turned(6)))), _IDAT
    ),
    "profile international": _png(
        chunk(b"iTXt", _PROFILE + b"\0\0\0\0" + _raw_profile(_NAMED)), _IDAT
    ),
    "profile 6, eXIf 3": _png(
        chunk(b"zTXt", _PROFILE + b"\0" + compress(_raw_profile(_NAMED))), _THREE, _IDAT
    ),
    "profile after IDAT": _png(
        _IDAT, chunk(b"zTXt", _PROFILE + b"\0" + compress(_raw_profile(_NAMED)))
    ),
    "XMP alone": _png(chunk(b"iTXt", _XMP), _IDAT),
    "6 then XMP": _png(_SIX, chunk(b"iTXt", _XMP), _IDAT),
    "1 then XMP": _png(_ONE, chunk(b"iTXt", _XMP), _IDAT),
}

_ENDS = {
    "video after it": VIDEO,
    "zeros after it": bytes(5000),
    "another PNG after it": _OTHER,
    "chunks after it": _THREE + _IDAT + _END,
    "a second end": _END,
    "text after it": b"\r\n<html>" * 20,
    "one byte after it": b"\0",
}


def _control(number: int, width: int, height: int, x: int = 0, y: int = 0) -> bytes:
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, x, y, 1, 10, 0, 0))


_ANIMATED = chunk(b"acTL", struct.pack(">II", 1, 0))
_TWO = chunk(b"acTL", struct.pack(">II", 2, 0))
_SECOND = chunk(b"fdAT", struct.pack(">I", 2) + compress(_rows("MMMM")))

_STRUCTURE = {
    "no end": _png(_SIX, _IDAT, end=b""),
    "text without its checksum in place of the end": _png(
        _SIX, _IDAT, chunk(b"tEXt", b"a\0b")[:-4], end=b""
    ),
    "head of a chunk in place of the end": _png(_SIX, _IDAT, b"\0\0\0\x09tE", end=b""),
    "zeros in place of the end": _png(_SIX, _IDAT, bytes(50), end=b""),
    "text cut off in place of the end": _png(_SIX, _IDAT, b"\0\0\0\x09tEXta", end=b""),
    "end without its checksum": _png(_SIX, _IDAT, end=_END[:-4]),
    "end with a wrong checksum": _png(_SIX, _IDAT, end=chunk(b"IEND", b"", 0)),
    "end with content": _png(_SIX, _IDAT, end=chunk(b"IEND", b"more")),
    "empty IDATs": _png(_SIX, chunk(b"IDAT", b""), _IDAT, chunk(b"IDAT", b"")),
    "IDATs of one byte": _png(
        _SIX, *(chunk(b"IDAT", _PACKED[i : i + 1]) for i in range(len(_PACKED)))
    ),
    "text between IDATs": _png(
        chunk(b"IDAT", _PACKED[:50]), chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", _PACKED[50:]), _SIX
    ),
    "more rows than needed": _png(_SIX, chunk(b"IDAT", compress(_rows() + _rows("MMMM")))),
    "bytes after the packed rows": _png(_SIX, chunk(b"IDAT", _PACKED + b"more")),
    "an IDAT after the packed rows": _png(_SIX, _IDAT, chunk(b"IDAT", b"more")),
    "two pictures in IDATs": _png(_SIX, _IDAT, chunk(b"IDAT", compress(_rows("MMMM")))),
    "rows with a wrong checksum": _png(_SIX, chunk(b"IDAT", _PACKED[:-4] + bytes(4))),
    "head after IDAT": _png(_SIX, _IDAT, _OTHER_HEAD),
    "two heads": _png(_OTHER_HEAD, _SIX, _IDAT),
    "chunk before the head": SIGNATURE + _SIX + _HEAD + _IDAT + _END,
    "unknown chunk, ancillary": _png(chunk(b"abCd", b"x" * 9), _SIX, _IDAT),
    "unknown chunk, critical": _png(chunk(b"AbCd", b"x" * 9), _SIX, _IDAT),
    "text with a wrong checksum": _png(chunk(b"tEXt", b"a\0b", 0), _SIX, _IDAT),
    "time of a wrong length": _png(chunk(b"tIME", b"12"), _SIX, _IDAT),
    "transparency of a wrong length": _png(chunk(b"tRNS", b"1"), _SIX, _IDAT),
    "palette beside colours": _png(chunk(b"PLTE", bytes(48)), _SIX, _IDAT),
    "size in metres": _png(chunk(b"pHYs", struct.pack(">IIB", 1000, 4000, 1)), _SIX, _IDAT),
    "gamma": _png(chunk(b"gAMA", struct.pack(">I", 45455)), _SIX, _IDAT),
    "offset": _png(chunk(b"oFFs", struct.pack(">iiB", 5, 5, 0)), _SIX, _IDAT),
    "one frame": _png(_ANIMATED, _control(0, WIDTH, HEIGHT), _SIX, _IDAT),
    "two frames": _png(
        _TWO, _control(0, WIDTH, HEIGHT), _SIX, _IDAT, _control(1, WIDTH, HEIGHT), _SECOND
    ),
    "picture apart from the frames": _png(
        _ANIMATED,
        _SIX,
        _IDAT,
        _control(0, WIDTH, HEIGHT),
        chunk(b"fdAT", struct.pack(">I", 1) + compress(_rows("MMMM"))),
    ),
    "frames without a number": _png(_control(0, WIDTH, HEIGHT), _SIX, _IDAT),
    "number without frames": _png(_TWO, _SIX, _IDAT),
    "block after the frames": _png(
        _TWO, _control(0, WIDTH, HEIGHT), _IDAT, _control(1, WIDTH, HEIGHT), _SECOND, _SIX
    ),
    "a byte before it": b"\0" + _png(_IDAT),
}

FILES = {
    **{f"block, {name}": _png(chunk(b"eXIf", block), _IDAT) for name, block in exif.BLOCKS.items()},
    **_BLOCK_PLACES,
    **{name: _png(_SIX, _IDAT) + tail for name, tail in _ENDS.items()},
    **_STRUCTURE,
}

"""Odd JPEGs."""

from __future__ import annotations

import struct

from odd import exif
from odd.containers import HEIGHT, WIDTH, app1, chunk, picture, save, segment

_PLAIN = save(picture(), "JPEG", quality=95, subsampling=0)
_OTHER = save(picture("MMMM", 16, 16), "JPEG", quality=95)
_PROGRESSIVE = save(picture(), "JPEG", quality=95, subsampling=0, progressive=True)
_SIX, _THREE, _ONE = (app1(exif.turned(n)) for n in (6, 3, 1))
_JFIF_END = 20
_XMP = segment(
    0xE1,
    b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf="
    b"'http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description xmlns:tiff="
    b"'http://ns.adobe.com/tiff/1.0/' tiff:Orientation=\"8\"/></rdf:RDF></x:xmpmeta>",
)
_SCAN = _PLAIN.index(b"\xff\xda")
_FRAME = _PLAIN.index(b"\xff\xc0")
_TABLES = _PLAIN.index(b"\xff\xdb")
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x10mdatfilm.." * 40
_MPF = segment(0xE2, b"MPF\0" + exif.block([(0xB000, 7, 4, 0x30303130), (0xB001, 4, 1, 2)]))


def _with(*segments: bytes) -> bytes:
    """These before the tables, in place of the JFIF segment."""
    return _PLAIN[:2] + b"".join(segments) + _PLAIN[_JFIF_END:]


def _at(place: int, *parts: bytes, data: bytes = _PLAIN) -> bytes:
    return data[:place] + b"".join(parts) + data[place:]


def _thumbnail(orientation: int) -> bytes:
    """EXIF with a whole JPEG in its second directory."""
    first = exif.directory([(exif.ORIENTATION, exif.SHORT, 1, orientation)])
    second = [(0x0103, exif.SHORT, 1, 6), (0x0201, exif.LONG, 1, 0), (0x0202, 4, 1, len(_OTHER))]
    start = 8 + len(first)
    place = start + len(exif.directory(second))
    second[1] = (0x0201, exif.LONG, 1, place)
    first = exif.directory([(exif.ORIENTATION, exif.SHORT, 1, orientation)], after=start)
    return app1(b"II*\0\x08\0\0\0" + first + exif.directory(second) + _OTHER)


def _frame(height: int, width: int) -> bytes:
    return struct.pack(">HH", height, width)


_BLOCK_PLACES = {
    "JFIF first": _at(_JFIF_END, _SIX),
    "JFIF after": _with(_SIX, _PLAIN[2:_JFIF_END]),
    "no JFIF": _with(_SIX),
    "after the tables": _at(_FRAME, _SIX),
    "after the frame": _at(_SCAN, _SIX),
    "after the scan": _PLAIN[:-2] + _SIX + _PLAIN[-2:],
    "after the end": _PLAIN + _SIX,
    "between scans": _at(_PROGRESSIVE.rindex(b"\xff\xda"), _SIX, data=_PROGRESSIVE),
    "6 then 3": _with(_SIX, _THREE),
    "3 then 6": _with(_THREE, _SIX),
    "6 then 1": _with(_SIX, _ONE),
    "1 then 6": _with(_ONE, _SIX),
    "6, 1 and 3": _with(_SIX, _ONE, _THREE),
    "6 then a block without": _with(_SIX, app1(exif.block([(0x010F, exif.SHORT, 1, 1)]))),
    "a block without, then 6": _with(app1(exif.block([(0x010F, exif.SHORT, 1, 1)])), _SIX),
    "6 then an empty block": _with(_SIX, app1(b"")),
    "an empty block, then 6": _with(app1(b""), _SIX),
    "6 then a damaged block": _with(_SIX, app1(b"XX" + exif.turned(3)[2:])),
    "a damaged block, then 6": _with(app1(b"XX" + exif.turned(3)[2:]), _SIX),
    "6 before, 3 after the frame": _at(_SCAN, _THREE, data=_at(_JFIF_END, _SIX)),
    **{
        f"{length} bytes of a block, then 6": _with(app1(exif.turned(1)[:length]), _SIX)
        for length in (1, 4, 8, 12)
    },
    "9 then 6": _with(app1(exif.turned(9)), _SIX),
    "6 then XMP": _with(_SIX, _XMP),
    "XMP then 6": _with(_XMP, _SIX),
    "1 then XMP": _with(_ONE, _XMP),
    "XMP alone": _with(_XMP),
    "a block in two segments": _with(app1(exif.turned(6)[:14]), app1(exif.turned(6)[14:])),
    "name with 1 after it": _with(segment(0xE1, b"Exif\0\1" + exif.turned(6))),
    "name with 255 after it": _with(segment(0xE1, b"Exif\0\xff" + exif.turned(6))),
    "name without a second 0": _with(segment(0xE1, b"Exif\0" + exif.turned(6))),
    "name in capitals": _with(segment(0xE1, b"EXIF\0\0" + exif.turned(6))),
    "name doubled": _with(app1(b"Exif\0\0" + exif.turned(6))),
    "no name": _with(segment(0xE1, exif.turned(6))),
    "in APP2": _with(segment(0xE2, b"Exif\0\0" + exif.turned(6))),
    "in a comment": _with(segment(0xFE, b"Exif\0\0" + exif.turned(6))),
    "one byte after the name": _with(segment(0xE1, b"Exif\0\0I")),
    "thumbnail inside": _with(_thumbnail(6)),
    "thumbnail inside, upright": _with(_thumbnail(1)),
}

_ENDS = {
    "video after it": VIDEO,
    "zeros after it": bytes(5000),
    "another JPEG after it": _OTHER,
    "another turned JPEG after it": _OTHER[:2] + _THREE + _OTHER[2:],
    "a PNG after it": save(picture("MMMM", 16, 16), "PNG"),
    "zip after it": b"PK\3\4" + bytes(26) + b"PK\5\6" + bytes(18),
    "text after it": b"\r\n<html>" * 20,
    "a second end": b"\xff\xd9",
    "a beginning after it": b"\xff\xd8\xff",
    "a scan after it": _PLAIN[_SCAN:],
    "many scans after it": b"\xff\xda" * 300,
    "segments after it": _THREE + segment(0xC0, bytes(15)),
    "one byte after it": b"\0",
    "Samsung's trailer": b"\0\0\1\x0aMotionPhoto_Data" + VIDEO + b"SEFH" + bytes(20) + b"SEFT",
}

_STRUCTURE = {
    "thumbnail in JFIF": _PLAIN[:2]
    + segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\4\4" + bytes(48))
    + _PLAIN[_JFIF_END:],
    "thumbnail in JFXX": _at(_JFIF_END, segment(0xE0, b"JFXX\0\x10" + _OTHER)),
    "several pictures (MPF)": _at(_JFIF_END, _MPF, _SIX) + _OTHER,
    "Photoshop's thumbnail": _with(_SIX, segment(0xED, b"Photoshop 3.0\x008BIM\4\x0c" + _OTHER)),
    "a JPEG in a comment": _with(segment(0xFE, _OTHER), _SIX),
    "a JPEG in APP10": _with(segment(0xEA, _OTHER), _SIX),
    "fill bytes": _at(_JFIF_END, b"\xff" * 7, _SIX, b"\xff" * 3),
    "rubbish between segments": _at(_JFIF_END, b"rubbish", _SIX),
    "zeros between segments": _at(_JFIF_END, bytes(4), _SIX),
    "an escaped byte between segments": _at(_JFIF_END, b"\xff\0", _SIX),
    "a restart marker between segments": _at(_JFIF_END, b"\xff\xd0", _SIX),
    "TEM between segments": _at(_JFIF_END, b"\xff\x01", _SIX),
    "empty comment": _at(_JFIF_END, segment(0xFE, b""), _SIX),
    "segment of length 0": _at(_JFIF_END, b"\xff\xe5\0\0", _SIX),
    "segment of length 1": _at(_JFIF_END, b"\xff\xe5\0\1", _SIX),
    "block of length 1": _at(_JFIF_END, b"\xff\xe1\0\1", _SIX[4:]),
    "two beginnings": b"\xff\xd8" + _at(_JFIF_END, _SIX),
    "no end": _at(_JFIF_END, _SIX)[:-2],
    "two frames": _at(_SCAN, segment(0xC0, b"\x08" + _frame(16, 16) + _PLAIN[_FRAME + 9 : _SCAN])),
    "frame said twice": _at(_SCAN, _PLAIN[_FRAME : _FRAME + 19]),
    "height said later": _PLAIN[: _FRAME + 5]
    + _frame(0, WIDTH)
    + _PLAIN[_FRAME + 9 : -2]
    + segment(0xDC, struct.pack(">H", HEIGHT))
    + b"\xff\xd9",
    "arithmetic marker": _PLAIN[: _FRAME + 1] + b"\xc9" + _PLAIN[_FRAME + 2 :],
    "extended": _PLAIN[: _FRAME + 1] + b"\xc1" + _PLAIN[_FRAME + 2 :],
    "progressive": _at(2, _SIX, data=_PROGRESSIVE),
    "progressive, many scans after it": _at(2, _SIX, data=_PROGRESSIVE) + b"\xff\xda\0\2" * 300,
    "progressive, video after it": _at(2, _SIX, data=_PROGRESSIVE) + VIDEO,
    "progressive, another after it": _at(2, _SIX, data=_PROGRESSIVE) + _PROGRESSIVE * 20,
    "restarts": _at(2, _SIX, data=save(picture(), "JPEG", quality=95, restart_marker_blocks=1)),
    "half the colours": _at(2, _SIX, data=save(picture(), "JPEG", quality=95, subsampling=2)),
    "CMYK": _at(2, _SIX, data=save(picture().convert("CMYK"), "JPEG", quality=95)),
    "RGB kept": _at(2, _SIX, data=save(picture(), "JPEG", quality=95, keep_rgb=True)),
    "frame smaller than coded": _PLAIN[: _FRAME + 5] + _frame(24, 40) + _PLAIN[_FRAME + 9 :],
    "a byte before it": b"\0" + _PLAIN,
    "line end before it": b"\r\n" + _PLAIN,
    "a PNG's eXIf inside": _with(chunk(b"eXIf", exif.turned(6)), _ONE),
}

FILES = {
    **{f"block, {name}": _with(app1(block)) for name, block in exif.BLOCKS.items()},
    **_BLOCK_PLACES,
    **{name: _at(_JFIF_END, _SIX) + tail for name, tail in _ENDS.items()},
    **_STRUCTURE,
}

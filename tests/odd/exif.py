"""EXIF blocks, ordinary and odd."""

from __future__ import annotations

import struct

ORIENTATION, SUBIFD, XMP = 0x0112, 0x8769, 0x02BC
BYTE, ASCII, SHORT, LONG, SBYTE, SSHORT, SLONG, FLOAT = 1, 2, 3, 4, 6, 8, 9, 11
_FORMS = {BYTE: "B", ASCII: "B", SHORT: "H", LONG: "I", SBYTE: "b", SSHORT: "h", SLONG: "i"}

Entry = tuple[int, int, int, int]
"""Tag, type, count, value."""


def directory(entries: list[Entry], order: str = "<", after: int = 0) -> bytes:
    """One IFD; `after` is the place of the next."""
    content = struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in entries:
        packed = struct.pack(f"{order}{_FORMS.get(kind, 'I')}", value)
        content += struct.pack(f"{order}HHI", tag, kind, count) + packed.ljust(4, b"\0")
    return content + struct.pack(f"{order}I", after)


def block(
    entries: list[Entry], order: str = "<", *, gap: int = 0, start: int | None = None
) -> bytes:
    """An EXIF block of one IFD, `gap` bytes after its header."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    place = 8 + gap if start is None else start
    return head + struct.pack(f"{order}I", place) + bytes(gap) + directory(entries, order)


def turned(orientation: int, order: str = "<") -> bytes:
    return block([(ORIENTATION, SHORT, 1, orientation)], order)


def _with_thumbnail(own: int | None, thumbnail: int) -> bytes:
    first = [(ORIENTATION, SHORT, 1, own)] if own else [(0x011A, SHORT, 1, 1)]
    second = directory([(0x0103, SHORT, 1, 6), (ORIENTATION, SHORT, 1, thumbnail)])
    start = 8 + len(directory(first))
    return b"II*\0\x08\0\0\0" + directory(first, after=start) + second


def _with_inner(own: list[Entry], inner: int) -> bytes:
    first = [*own, (SUBIFD, LONG, 1, 0)]
    start = 8 + len(directory(first))
    first[-1] = (SUBIFD, LONG, 1, start)
    return b"II*\0\x08\0\0\0" + directory(first) + directory([(ORIENTATION, SHORT, 1, inner)])


_TURNED = (ORIENTATION, SHORT, 1, 6)
_MAKER = (0x010F, SHORT, 1, 77)

BLOCKS = {
    **{f"orientation {n}": turned(n) for n in range(1, 9)},
    **{f"orientation {n} big-endian": turned(n, ">") for n in (3, 6, 8)},
    **{f"orientation of {n}": turned(n) for n in (0, 9, 65535)},
    **{
        f"type {kind}": block([(ORIENTATION, kind, 1, 6)])
        for kind in (0, BYTE, ASCII, LONG, SBYTE, 7, SSHORT, SLONG, FLOAT, 13)
    },
    "type 4 big-endian": block([(ORIENTATION, LONG, 1, 6)], ">"),
    "type 1 big-endian": block([(ORIENTATION, BYTE, 1, 6)], ">"),
    "count 0": block([(ORIENTATION, SHORT, 0, 6)]),
    "count 2": block([(ORIENTATION, SHORT, 2, 6)]),
    "count 3": block([(ORIENTATION, SHORT, 3, 26)]) + turned(6)[10:14] + b"\6\0\1\0\6\0",
    "twice, 6 first": block([_TURNED, (ORIENTATION, SHORT, 1, 3)]),
    "twice, 3 first": block([(ORIENTATION, SHORT, 1, 3), _TURNED]),
    "twice, 1 first": block([(ORIENTATION, SHORT, 1, 1), _TURNED]),
    "twice, 9 first": block([(ORIENTATION, SHORT, 1, 9), _TURNED]),
    "twice, LONG first": block([(ORIENTATION, LONG, 1, 3), _TURNED]),
    "twice, count 0 first": block([(ORIENTATION, SHORT, 0, 3), _TURNED]),
    "entries out of order": block([(0x8298, SHORT, 1, 0), _TURNED, _MAKER]),
    "no entries": block([]),
    "no orientation": block([_MAKER]),
    "gap before the entries": block([_TURNED], gap=5),
    "entries before their time": block([_TURNED], start=2),
    "entries nowhere": block([_TURNED], start=9999),
    "entries at 0": block([_TURNED], start=0),
    "more entries claimed": turned(6)[:8] + b"\5\0" + turned(6)[10:],
    "65535 entries claimed": turned(6)[:8] + b"\xff\xff" + turned(6)[10:],
    "fewer entries claimed": turned(6)[:8] + b"\0\0" + turned(6)[10:],
    "no next directory": turned(6)[:-4],
    "cut in its entry": turned(6)[:-6],
    "cut in its value": turned(6)[:19],
    "next directory nowhere": turned(6)[:-4] + b"\xff\xff\0\0",
    "thumbnail turned too": _with_thumbnail(6, 3),
    "thumbnail turned alone": _with_thumbnail(None, 6),
    "thumbnail upright": _with_thumbnail(6, 1),
    "inner directory turned": _with_inner([_MAKER], 6),
    "inner directory turned too": _with_inner([_TURNED], 3),
    "magic 43": b"II+\0" + turned(6)[4:],
    "magic 0": b"II\0\0" + turned(6)[4:],
    "orders mixed": b"II*\0" + turned(6, ">")[4:],
    "magic of the other order": b"II\0*" + turned(6)[4:],
    "no byte order": b"XX*\0" + turned(6)[4:],
    "empty": b"",
}

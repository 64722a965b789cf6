"""AVIF files put together of items."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def full_box(name: bytes, content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags) + content)


@dataclass
class Item:
    """One item of a file: its parts lie in mdat, or in idat with method 1."""

    number: int
    kind: bytes
    parts: list[bytes]
    properties: list[bytes] = field(default_factory=list)
    method: int = 0
    hidden: bool = False


def _extents(items: list[Item], start: int) -> tuple[bytes, bytes, bytes]:
    """The box iloc, and the contents of idat and mdat, which begins at `start`."""
    places, inner, outer = struct.pack(">BBH", 0x44, 0, len(items)), b"", b""
    for item in items:
        places += struct.pack(">HHHH", item.number, item.method, 0, len(item.parts))
        for part in item.parts:
            if item.method:
                places += struct.pack(">II", len(inner), len(part))
                inner += part
            else:
                # Pieces do not touch, so that one that reads on reads rubbish.
                places += struct.pack(">II", start + len(outer), len(part))
                outer += part + b"\xa5" * 8
    return full_box(b"iloc", places, version=1), inner, outer


def _references(references: list[tuple[bytes, int, list[int]]]) -> bytes:
    if not references:
        return b""
    content = b""
    for name, source, targets in references:
        numbers = b"".join(struct.pack(">H", target) for target in targets)
        content += box(name, struct.pack(">HH", source, len(targets)) + numbers)
    return full_box(b"iref", content)


def build(
    items: list[Item],
    *references: tuple[bytes, int, list[int]],
    primary: int = 1,
    brand: bytes = b"avif",
    brands: bytes = b"avifmif1miaf",
    essential: bool = True,
) -> bytes:
    """An AVIF of these items."""
    properties: list[bytes] = []
    owned = struct.pack(">I", sum(bool(item.properties) for item in items))
    infos = struct.pack(">H", len(items))
    for item in items:
        info = struct.pack(">HH4s", item.number, 0, item.kind) + b"\0"
        infos += full_box(b"infe", info, version=2, flags=item.hidden)
        if item.properties:
            owned += struct.pack(">HB", item.number, len(item.properties))
        for content in item.properties:
            if content not in properties:
                properties.append(content)
            must = content[4:8] in (b"av1C", b"irot", b"imir", b"clap") and essential
            owned += bytes([properties.index(content) + 1 | must << 7])
    head = box(b"ftyp", brand + bytes(4) + brands)

    def described(start: int) -> tuple[bytes, bytes]:
        places, inner, outer = _extents(items, start)
        handler = full_box(b"hdlr", bytes(4) + b"pict" + bytes(13))
        content = handler + full_box(b"pitm", struct.pack(">H", primary)) + places
        content += full_box(b"iinf", infos) + _references(list(references))
        content += box(b"iprp", box(b"ipco", b"".join(properties)) + full_box(b"ipma", owned))
        return full_box(b"meta", content + (box(b"idat", inner) if inner else b"")), outer

    start = len(head) + len(described(0)[0]) + 8
    meta, outer = described(start)
    return head + meta + box(b"mdat", outer)

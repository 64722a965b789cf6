"""PNG (W3C, third edition): every chunk is checked, and only a still picture's go on."""

from __future__ import annotations

import struct
from zlib import crc32

from pocketlens.errors import ImageError
from pocketlens.headers import exif
from pocketlens.headers.header import Header

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_STILL = frozenset([b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"])
_DEPTHS, _COLOR_TYPES = (1, 2, 4, 8, 16), (0, 2, 3, 4, 6)
_GREY, _WITH_ALPHA = 0, (4, 6)
_MOST_CHUNKS = 100_000


def read(data: bytes) -> Header:
    """Walks over the chunks; animation, colour profiles and texts are left out.

    OpenCV 5.0 crashes on some animations, and believes a chunk's length without looking.
    """
    kept, position, turned, transparent = [SIGNATURE], len(SIGNATURE), 1, b""
    name, count, size = b"", 0, len(data)
    view = memoryview(data)
    while name != b"IEND":
        if position + 12 > size:
            raise ImageError(f"PNG that is cut off after {size} bytes")
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        count += 1
        if end > size or count > _MOST_CHUNKS:
            raise ImageError(
                f"PNG whose chunk {count} claims {length} bytes, cut off or damaged ({size} bytes)"
            )
        if (count == 1) != (name == b"IHDR") or (count == 1 and length != 13):
            raise ImageError("PNG that does not begin with its header, damaged")
        if name in _STILL:
            if crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
                raise ImageError(f"PNG whose {name.decode()} chunk is damaged (checksum)")
            kept.append(data[position:end])
        if name == b"eXIf":
            turned = exif.orientation(data[position + 8 : end - 4])
        if name == b"tRNS":
            transparent = data[position + 8 : end - 4]
        position = end
    width, height, bits, color_type = struct.unpack_from(">IIBB", data, 16)
    if bits not in _DEPTHS or color_type not in _COLOR_TYPES:
        raise ImageError(f"PNG of color type {color_type} with {bits} bits, damaged")
    grey = None
    if transparent and color_type == _GREY:
        value = int.from_bytes(transparent[:2], "big")
        grey = value if bits == 16 else value * 255 // ((1 << bits) - 1)
    return Header(
        width,
        height,
        b"".join(kept),
        turned,
        has_alpha=color_type in _WITH_ALPHA or bool(transparent),
        transparent_grey=grey,
        bits=bits,
    )

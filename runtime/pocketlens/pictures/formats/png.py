"""PNG (W3C, third edition): every chunk is checked, and only a still picture's go on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from zlib import crc32

from pocketlens.errors import ImageError
from pocketlens.names import counted
from pocketlens.pictures.formats import exif
from pocketlens.pictures.formats.header import Header

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_STILL = frozenset([b"IHDR", b"PLTE", b"tRNS", b"IDAT"])
_DEPTHS, _COLOR_TYPES = (1, 2, 4, 8, 16), (0, 2, 3, 4, 6)
_GREY, _WITH_ALPHA = 0, (4, 6)
_MOST_CHUNKS = 100_000
_END = b"\0\0\0\0IEND\xaeB`\x82"


def read(data: bytes) -> Header:
    """Picks the chunks of the picture; animation, colour profiles and texts are left out.

    OpenCV 5.0 crashes on some animations, and believes a chunk's length without looking.
    """
    kept, turned, transparent, is_over = [SIGNATURE], 1, b"", False
    view = memoryview(data)
    for name, start, stop in _chunks(data):
        if name in _STILL and (name != b"IHDR" or len(kept) == 1):
            if crc32(view[start - 4 : stop]) != int.from_bytes(view[stop : stop + 4], "big"):
                raise ImageError(f"PNG whose {name.decode()} chunk is damaged (checksum)")
            kept.append(data[start - 8 : stop + 4])
        # A second frame's.
        is_over |= name == b"fcTL" and kept[-1].startswith(b"IDAT", 4)
        if name == b"eXIf" and not is_over:
            turned = exif.orientation(data[start:stop])
        if name == b"tRNS":
            transparent = data[start:stop]
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
        b"".join([*kept, _END]),
        turned,
        has_alpha=color_type in _WITH_ALPHA or bool(transparent),
        transparent_grey=grey,
        bits=bits,
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yields (name, start, stop) of each chunk's content.

    Where the picture is whole, what comes after it may be cut off or left out.
    """
    start, is_drawn = len(SIGNATURE) + 8, False
    for count in range(1, _MOST_CHUNKS):
        name = data[start - 4 : start]
        stop = start + int.from_bytes(data[start - 8 : start - 4], "big")
        is_cut = stop + 4 > len(data)
        if name == b"IEND" or (is_cut and is_drawn and name != b"IDAT"):
            return
        if is_cut:
            break
        if not is_drawn and (count == 1) != ((name, stop - start) == (b"IHDR", 13)):
            raise ImageError("PNG that does not begin with its header, damaged")
        is_drawn |= name == b"IDAT"
        yield name, start, stop
        start = stop + 12
    raise ImageError(
        f"PNG whose chunk {count} claims {stop - start} bytes, cut off or damaged "
        f"({counted(len(data), 'byte')})"
    )

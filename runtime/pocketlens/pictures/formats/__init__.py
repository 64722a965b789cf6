"""Which picture format bytes are in, and how large the picture is, before any is decoded.

Decoders believe what a file says: OpenCV 5.0 takes gigabytes for a small file that claims to be
large, and crashes on some damaged ones. One module a format reads what the file claims and checks
that it is all there.
"""

from __future__ import annotations

import struct

from pocketlens.errors import FormatError, ImageError
from pocketlens.names import counted
from pocketlens.pictures.formats import avif, bmp, gif, jpeg, png, pnm, tiff, unsupported, webp
from pocketlens.pictures.formats.header import Header

__all__ = ["FIRST_BYTES", "Header", "picture_kind", "read_header"]

_PNM_GAPS = (b" ", b"\t", b"\r", b"\n", b"#")
FIRST_BYTES = 256
"""So many of a file are enough for picture_kind()."""

_READERS = (
    (b"\xff\xd8\xff", 0, jpeg.read),
    (png.SIGNATURE, 0, png.read),
    (b"WEBP", 8, webp.read),
    (b"GIF87a", 0, gif.read),
    (b"GIF89a", 0, gif.read),
    (b"ftyp", 4, avif.read),
    (b"II*\0", 0, tiff.read),
    (b"MM\0*", 0, tiff.read),
    (b"II+\0", 0, tiff.read),
    (b"MM\0+", 0, tiff.read),
    (b"BM", 0, bmp.read),
    *((b"P%d" % kind, 0, pnm.read) for kind in range(1, 7)),
)


def picture_kind(start: bytes) -> str | None:
    """The picture format that the first bytes of a file announce, such as "JPEG" or "HEIC".

    Formats that are known but not decoded here count. None: they announce no picture.

    Args:
        start: FIRST_BYTES of the file, or all where it is shorter.
    """
    for signature, offset, read in _READERS:
        if start.startswith(signature, offset):
            if read is avif.read and not avif.is_avif(start):
                break
            # Two letters begin many a text. A BMP's header has a small number as its size.
            if read is bmp.read and int.from_bytes(start[14:18], "little") not in range(12, 256):
                return None
            if read is pnm.read and start[2:3] not in _PNM_GAPS:
                return None
            return read.__module__.rpartition(".")[2].upper()
    return unsupported.picture_name(start)


def read_header(data: bytes) -> Header:
    """Reads what a picture file says of itself.

    Args:
        data: The whole file.

    Raises:
        FormatError: It is of another format, or a kind that is not supported.
        ImageError: It is empty, cut off, or contradicts itself.
    """
    if not data:
        raise ImageError("empty (0 bytes), expected a picture")
    readers = (read for start, offset, read in _READERS if data.startswith(start, offset))
    read = next(readers, None)
    if read is None:
        raise FormatError(unsupported.refusal(data))
    try:
        header = read(data)
    except (struct.error, IndexError, OverflowError) as error:
        size = counted(len(data), "byte")
        raise ImageError(f"its header is cut off or damaged ({size})") from error
    if header.width <= 0 or header.height <= 0:
        raise ImageError(f"it claims {header.width}x{header.height} pixels, damaged")
    return header

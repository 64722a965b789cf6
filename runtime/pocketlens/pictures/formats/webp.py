"""WebP (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator

from pocketlens.errors import ImageError
from pocketlens.pictures.formats import exif
from pocketlens.pictures.formats.header import Header

_ANIMATED, _EXIF, _ALPHA = 0x02, 0x08, 0x10
_FRAME_HEADER = 16
_MOST_CHUNKS = 100_000


def read(data: bytes) -> Header:
    """Reads the chunks; only the first picture or frame goes on.

    The first EXIF counts, and only where the header announces it.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise ImageError(f"WebP of {end} bytes that is cut off after {len(data)}")
    flags, block, canvas, picture = 0, None, (0, 0), None
    kept = [b"WEBP"]
    for name, start, stop in _chunks(data, 12, end):
        if name == b"VP8X":
            if len(kept) > 1:
                raise ImageError("WebP whose header is not at its beginning, damaged")
            flags = data[start]
            canvas = (_number(data, start + 4) + 1, _number(data, start + 7) + 1)
        elif name == b"EXIF" and block is None:
            block = data[start:stop].removeprefix(b"Exif\0\0")
        elif name in (b"ANMF", b"VP8 ", b"VP8L"):
            if picture:
                continue
            inner = start + _FRAME_HEADER if name == b"ANMF" else start - 8
            picture = _picture(data, inner, stop)
        kept.append(data[start - 8 : stop + stop % 2])
        if picture and len(kept) == 2:
            # Without a header the first picture is all there is.
            break
    if not picture:
        raise ImageError("WebP without a picture, damaged")
    body = b"".join(kept)
    # What the coded picture claims costs memory, whatever the canvas says.
    width, height, has_alpha = picture
    return Header(
        max(canvas[0], width),
        max(canvas[1], height),
        b"RIFF" + len(body).to_bytes(4, "little") + body,
        exif.orientation(block) if block and flags & _EXIF else 1,
        has_alpha=has_alpha or bool(flags & (_ALPHA | _ANIMATED)),
    )


def _chunks(data: bytes, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yields (name, start, stop) of each chunk's content."""
    for _ in range(_MOST_CHUNKS):
        if position + 8 > end:
            return
        stop = position + 8 + int.from_bytes(data[position + 4 : position + 8], "little")
        if stop > end:
            raise ImageError("WebP whose chunk runs past its end, cut off or damaged")
        yield data[position : position + 4], position + 8, stop
        position = stop + stop % 2
    raise ImageError(f"WebP with over {_MOST_CHUNKS} parts, damaged")


def _picture(data: bytes, start: int, stop: int) -> tuple[int, int, bool] | None:
    """Width, height and transparency of the first coded picture in this range."""
    for name, begin, _ in _chunks(data, start, stop):
        if name == b"VP8L":
            bits = int.from_bytes(data[begin + 1 : begin + 5], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
        if name == b"VP8 ":
            bits = int.from_bytes(data[begin + 6 : begin + 10], "little")
            return bits & 0x3FFF, bits >> 16 & 0x3FFF, False
    return None


def _number(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 3], "little")

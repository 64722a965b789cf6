"""The size in an AV1 sequence header (AV1 bitstream specification, 5.3 to 5.5)."""

from __future__ import annotations

from pocketlens.errors import FormatError, ImageError

_SEQUENCE_HEADER = 1
_FRAMES = (3, 6)
_MOST_UNITS, _MOST_FRAMES = 100, 4
"""A still picture is one frame, or one for each of its up to four layers; all are decoded."""


def coded_size(data: bytes | memoryview) -> tuple[int, int]:
    """Width and height of the largest frame that this data may hold, by all its sequence headers.

    Raises:
        ImageError: There is no sequence header, or one that cannot be followed.
    """
    position, frames, sizes = 0, 0, []
    for _ in range(_MOST_UNITS):
        if position >= len(data):
            break
        kind, extended, sized = (
            data[position] >> 3 & 15,
            data[position] >> 2 & 1,
            data[position] >> 1 & 1,
        )
        position += 1 + extended
        length, position = _leb128(data, position) if sized else (len(data) - position, position)
        if kind == _SEQUENCE_HEADER:
            sizes.append(_sequence_header(data[position : position + length]))
        frames += kind in _FRAMES
        position += length
    if not sizes or position < len(data) or frames > _MOST_FRAMES:
        raise ImageError("AVIF whose picture has no sequence header or too many parts, damaged")
    return max(sizes, key=lambda size: size[0] * size[1])


def _leb128(data: bytes | memoryview, position: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = data[position + place]
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, position + place + 1
    raise ImageError("AVIF with an endless number, damaged")


class _Bits:
    def __init__(self, data: bytes | memoryview) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ImageError("AVIF whose sequence header is cut off")
        return self._value >> self._left & (1 << count) - 1


def _sequence_header(data: bytes | memoryview) -> tuple[int, int]:
    bits = _Bits(data[:64])
    bits.take(4)  # profile, still picture
    if bits.take(1):  # reduced header
        bits.take(5)
    else:
        if bits.take(1):
            raise FormatError("AVIF with timing information, which is not supported")
        delays = bits.take(1)
        for _ in range(bits.take(5) + 1):
            bits.take(12)
            if bits.take(5) > 7:
                bits.take(1)
            if delays and bits.take(1):
                bits.take(4)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1

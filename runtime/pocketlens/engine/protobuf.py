"""The fields of a protobuf message, such as onnx's ModelProto, without a library."""

from __future__ import annotations

from collections.abc import Iterator

from pocketlens.errors import ModelError

_KINDS = _VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def fields(data: bytes, position: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yields (number, start, start of the content, end) of each field of a message.

    The end of the last one is beyond the data where these are cut off.

    Raises:
        ModelError: The bytes are no such message.
    """
    while position < end:
        start = position
        key, position = _varint(data, position)
        content = position
        kind = key & 7
        if kind == _VARINT:
            _, position = _varint(data, position)
        elif kind == _BYTES:
            length, content = _varint(data, position)
            position = content + length
        else:
            position += 8 if kind == _FIXED64 else 4
        if kind not in _KINDS or not key >> 3:
            raise ModelError("it is no serialized onnx model")
        yield key >> 3, start, content, position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            break
        value |= (data[position] & 127) << shift
        position += 1
        if data[position - 1] < 128:
            return value, position
    raise ModelError("it is no serialized onnx model")

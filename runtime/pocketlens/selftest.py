"""Does this machine give the answers that the model gave when it was exported?"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from dataclasses import dataclass

import numpy as np

from pocketlens.classifier import Classifier
from pocketlens.errors import ModelError
from pocketlens.preprocessing import network_input

_METADATA_PROPS = 14
"""The field of onnx's ModelProto that holds the metadata, and so this digest."""
_SAMPLES = 251
_GREY_LEVELS = 1.0
"""The mean difference of a network input that counts as none: decoders differ a little."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Check:
    """One line of a self-test.

    Attributes:
        name: "weights", "kernels", "resize" or "decode".
        passed: Whether it is as it should be.
        message: What was found.
    """

    name: str
    passed: bool
    message: str


def selftest(model: Classifier, content: bytes) -> list[Check]:
    """Compares the file and three generated pictures with what the export wrote down.

    The first picture is a PNG of the network's input size, so that only the network's kernels have
    a say; the second a larger PNG, which is resized too; the third a JPEG that is decoded at a
    reduced size. Of each, values of the network's input are compared and the probabilities.

    Args:
        model: The loaded model.
        content: The bytes of its file.

    Raises:
        ModelError: The file has nothing to compare with.
    """
    record = model.metadata.selftest
    if not record:
        raise ModelError("it holds no pictures for a self-test; export the model again")
    digest = model_digest(content)
    same = digest == record["sha256"]
    found = "are those that were exported" if same else "differ: the file is damaged, copy it again"
    checks = [Check("weights", same, f"network and weights {found} (SHA-256 {digest[:12]}...)")]
    atol = record["atol"]
    for name, picture in record["pictures"].items():
        data = b64decode(picture["data"])
        scores = np.array(list(model.predict(data).scores.values()))
        difference = float(np.abs(scores - picture["probabilities"]).max())
        values = np.abs(np.subtract(sampled_input(model, data), picture["input"])).mean()
        checks.append(
            Check(
                name,
                difference <= atol and bool(values <= _GREY_LEVELS),
                f"network input off by {values:.2f} grey levels ({_GREY_LEVELS:g} allowed), "
                f"a probability by at most {difference:.1e} ({atol:g} allowed)",
            )
        )
    return checks


def sampled_input(model: Classifier, data: bytes) -> list[int]:
    """Some values, 0 to 255, of the network input that a picture becomes."""
    values = network_input(data, model.metadata.preprocessing).ravel()
    return [int(value) for value in values[:: max(1, len(values) // _SAMPLES)]]


def model_digest(model: bytes) -> str:
    """The SHA-256 of a serialized onnx ModelProto without its metadata.

    Raises:
        ModelError: The bytes are no such message.
    """
    digest = hashlib.sha256()
    position, view = 0, memoryview(model)
    while position < len(model):
        start = position
        key, position = _varint(model, position)
        kind = key & 7
        if kind == _VARINT:
            _, position = _varint(model, position)
        elif kind == _BYTES:
            length, position = _varint(model, position)
            position += length
        elif kind in (_FIXED64, _FIXED32):
            position += 8 if kind == _FIXED64 else 4
        else:
            raise ModelError("it is no serialized onnx model")
        if key >> 3 != _METADATA_PROPS:
            digest.update(view[start:position])
    return digest.hexdigest()


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

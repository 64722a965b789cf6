"""Does this machine give the answers that the model gave when it was exported?"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from dataclasses import dataclass

import numpy as np

from pocketlens.classifier import Classifier
from pocketlens.engine.protobuf import fields
from pocketlens.errors import ModelError
from pocketlens.metadata import KEY
from pocketlens.pictures.preprocessing import network_input

_METADATA_PROPS, _KEY, _VALUE = 14, 1, 2
"""Fields of onnx's ModelProto and StringStringEntryProto."""
_SAMPLES = 251
_GREY_LEVELS = 1.0
"""The mean difference of a network input that counts as none: decoders differ a little."""


@dataclass(frozen=True)
class Check:
    """One line of a self-test.

    Attributes:
        name: "file", "kernels", "resize" or "decode".
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
    reduced size. (A model that takes a region of pictures resizes each, and may decode the third
    whole.) Of each, values of the network's input are compared and the probabilities.

    Args:
        model: The loaded model.
        content: The bytes of its file.

    Raises:
        ModelError: The file has nothing to compare with.
    """
    record = model.metadata.selftest
    if record is None:
        raise ModelError("it holds no pictures for a self-test; export the model again")
    digest = model_digest(content)
    same = digest == record.sha256
    found = "as they were exported" if same else "not as exported: damaged, copy the file again"
    checks = [
        Check("file", same, f"network, weights and metadata are {found} (SHA-256 {digest[:12]}...)")
    ]
    atol = record.atol
    for name, picture in record.pictures.items():
        data = b64decode(picture.data)
        scores = np.array(list(model.predict(data).scores.values()))
        difference = float(np.abs(scores - picture.probabilities).max())
        values = np.abs(np.subtract(sampled_input(model, data), picture.input)).mean()
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
    """The SHA-256 of a serialized onnx ModelProto, without what stands in it for self-tests.

    Raises:
        ModelError: The bytes are no such message.
    """
    digest = hashlib.sha256()
    for number, start, content, stop in fields(model, 0, len(model)):
        field = model[start:stop]
        if number == _METADATA_PROPS:
            pair = {each: model[begin:end] for each, _, begin, end in fields(model, content, stop)}
            if pair.get(_KEY) == KEY.encode():
                field = _without_selftest(pair.get(_VALUE, b""))
        digest.update(field)
    return digest.hexdigest()


def _without_selftest(text: bytes) -> bytes:
    try:
        record = json.loads(text)
        record.pop("selftest", None)
    except (ValueError, AttributeError) as error:
        raise ModelError("its pocketlens metadata is no JSON object") from error
    return json.dumps(record, sort_keys=True).encode()

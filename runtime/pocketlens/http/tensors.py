"""The tensors of the open inference protocol, in JSON and by its extension for binary data."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.http.problems import Problem

INPUT = "image"
_SIZE = "binary_data_size"
_TYPES = {"BOOL": np.dtype("?"), "FP32": np.dtype("<f4")}
_EXPECTED = (
    f"expected one input {INPUT!r} of datatype BYTES and shape [N]: the bytes of N picture files, "
    "as binary data or in JSON as base64"
)


@dataclass(frozen=True)
class InferenceRequest:
    """What a client asks.

    Attributes:
        id: To be sent back; None where there is none.
        images: The bytes of picture files.
        outputs: The names of the outputs that are wanted, and whether as binary data; None: all.
        binary: Whether outputs are wanted as binary data where `outputs` does not say.
    """

    id: str | None
    images: list[bytes]
    outputs: dict[str, bool] | None
    binary: bool


def read_request(body: bytes, header_length: str | None) -> InferenceRequest:
    """Reads a request.

    Args:
        body: JSON, and then perhaps binary data.
        header_length: The bytes of JSON, as Inference-Header-Content-Length says; None: all.

    Raises:
        Problem: 400, so one cannot read it.
    """
    end = len(body)
    if header_length is not None:
        if not header_length.isdecimal() or int(header_length) > len(body):
            raise _bad(f"got Inference-Header-Content-Length {header_length!r:.100}")
        end = int(header_length)
    try:
        content = json.loads(body[:end])
        (tensor,) = content["inputs"]
        shape, parameters = tensor["shape"], tensor.get("parameters") or {}
        name, datatype = tensor["name"], tensor["datatype"]
        if (name, datatype) != (INPUT, "BYTES") or not all(type(side) is int for side in shape):
            raise _bad(f"got {name!r:.100}, {datatype!r:.100}, shape {shape!r:.100}")
        if _SIZE in parameters:
            if parameters[_SIZE] != len(body) - end:
                raise _bad(
                    f"got {len(body) - end} bytes of binary data and {_SIZE} of another size"
                )
            images = list(_elements(body[end:]))
        else:
            images = [b64decode(element, validate=True) for element in tensor["data"]]
        wanted, binary = _outputs(content)
        request_id = content.get("id")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _bad(f"got {type(error).__name__}: {error!s:.200}") from error
    if not images or len(images) != np.prod(shape, dtype=object):
        raise _bad(f"got {len(images)} elements in shape {shape!r:.100}")
    return InferenceRequest(None if request_id is None else str(request_id), images, wanted, binary)


def write_response(
    head: dict[str, Any], outputs: dict[str, npt.NDArray[Any]], request: InferenceRequest
) -> tuple[bytes, int | None]:
    """The body of a response and, where it has binary data, the bytes of JSON in it.

    Args:
        head: What stands in it beside the outputs.
        outputs: Booleans, float32 or, of dtype object, texts, by name.
        request: It says what is wanted.

    Raises:
        Problem: 400, there is no such output.
    """
    wanted = request.outputs
    if wanted is None:
        wanted = dict.fromkeys(outputs, request.binary)
    tensors, data = [], []
    for name, binary in wanted.items():
        if name not in outputs:
            raise Problem(
                HTTPStatus.BAD_REQUEST, f"no output {name!r:.100}, there is {', '.join(outputs)}"
            )
        values = outputs[name]
        datatype = {"b": "BOOL", "f": "FP32"}.get(values.dtype.kind, "BYTES")
        tensor: dict[str, Any] = {"name": name, "datatype": datatype, "shape": list(values.shape)}
        if binary:
            data.append(_packed(values, datatype))
            tensor["parameters"] = {_SIZE: len(data[-1])}
        else:
            tensor["data"] = values.ravel().tolist()
        tensors.append(tensor)
    text = json.dumps(head | {"outputs": tensors}, ensure_ascii=False).encode()
    return b"".join([text, *data]), len(text) if data else None


def _outputs(content: dict[str, Any]) -> tuple[dict[str, bool] | None, bool]:
    binary = bool((content.get("parameters") or {}).get("binary_data_output", False))
    wanted = content.get("outputs")
    if not wanted:
        return None, binary
    found = {}
    for output in wanted:
        parameters = output.get("parameters") or {}
        for unknown in ("classification", "shared_memory_region"):
            if unknown in parameters:
                raise Problem(HTTPStatus.BAD_REQUEST, f"{unknown} is not offered; leave it out")
        found[str(output["name"])] = bool(parameters.get("binary_data", binary))
    return found, binary


def _elements(data: bytes) -> Iterator[bytes]:
    """Each has its length before it, in four bytes, the lowest first."""
    position = 0
    while position < len(data):
        start = position + 4
        position = start + int.from_bytes(data[start - 4 : start], "little")
        if start > len(data) or position > len(data):
            raise _bad("got binary data that is cut off")
        yield data[start:position]


def _packed(values: npt.NDArray[Any], datatype: str) -> bytes:
    if datatype != "BYTES":
        return values.astype(_TYPES[datatype]).tobytes()
    texts = [text.encode() for text in values.ravel()]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def _bad(got: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, f"{got}; {_EXPECTED}")

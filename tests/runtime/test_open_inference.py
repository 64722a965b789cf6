"""The open inference protocol of `pocketlens serve`, byte by byte and by Triton's own client."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pocketlens import load_model
from pocketlens.classifier import Classifier
from pocketlens.http.problems import Problem
from pocketlens.http.tensors import read_request
from pocketlens.loading import BUNDLED_MODEL
from served import Server

for library in ("httptools", "onnxruntime", "prometheus_client", "starlette", "uvicorn"):
    pytest.importorskip(library)

INFER = "/v2/models/cats-and-dogs/infer"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(str(BUNDLED_MODEL)) as server:
        yield server


@pytest.fixture(scope="module")
def model() -> Classifier:
    return load_model()


def elements(*contents: bytes) -> bytes:
    return b"".join(len(content).to_bytes(4, "little") + content for content in contents)


def asked(*images: bytes, **more: Any) -> tuple[bytes, dict[str, str]]:
    """A request with binary data, and its headers."""
    data = elements(*images)
    parameters = {"binary_data_size": len(data)}
    shape = [len(images)]
    tensor = {"name": "image", "datatype": "BYTES", "shape": shape, "parameters": parameters}
    text = json.dumps({"inputs": [tensor], **more}).encode()
    return text + data, {"Inference_Header_Content_Length": str(len(text))}


def test_json(server: Server, model: Classifier, photos: list[Path]) -> None:
    contents = [photo.read_bytes() for photo in photos]
    data = [b64encode(content).decode() for content in contents]
    tensor = {"name": "image", "datatype": "BYTES", "shape": [len(data), 1], "data": data}
    body = json.dumps({"id": "7", "inputs": [tensor]}).encode()
    status, headers, content = server.ask(INFER, body)
    assert (status, headers["content-type"]) == (200, "application/json")
    answer = json.loads(content)
    assert (answer["model_name"], answer["id"]) == ("cats-and-dogs", "7")
    outputs = {output["name"]: output for output in answer["outputs"]}
    expected = model.predict(contents)
    assert outputs["label"]["data"] == [each.label for each in expected]
    assert outputs["rejected"]["data"] == [each.rejected for each in expected]
    assert outputs["scores"]["shape"] == [len(contents), 2]
    scores = [score for each in expected for score in each.scores.values()]
    assert outputs["scores"]["data"] == scores
    familiarity = [each.familiarity for each in expected]
    assert outputs["familiarity"]["data"] == pytest.approx(familiarity)


def test_binary_data_to_the_byte(server: Server, model: Classifier, photos: list[Path]) -> None:
    contents = [photo.read_bytes() for photo in photos[:2]]
    outputs = [
        {"name": "rejected", "parameters": {"binary_data": True}},
        {"name": "score"},
        {"name": "label", "parameters": {"binary_data": True}},
        {"name": "scores", "parameters": {"binary_data": True}},
    ]
    body, named = asked(*contents, outputs=outputs)
    _, headers, content = server.ask(INFER, body, **named)
    length = int(headers["inference-header-content-length"])
    tensors = json.loads(content[:length])["outputs"]
    expected = model.predict(contents)
    labels = elements(*[each.label.encode() for each in expected])
    scores = np.array([list(each.scores.values()) for each in expected], "<f4").tobytes()
    rejected = bytes(each.rejected for each in expected)
    assert content[length:] == rejected + labels + scores
    sizes = [each.get("parameters", {}).get("binary_data_size") for each in tensors]
    assert sizes == [2, None, len(labels), 16]
    assert tensors[1]["data"] == [each.score for each in expected]
    assert tensors[3] == {
        "name": "scores",
        "datatype": "FP32",
        "shape": [2, 2],
        "parameters": {"binary_data_size": 16},
    }


def test_a_picture_that_cannot_be_read_is_named(server: Server, photos: list[Path]) -> None:
    body, named = asked(photos[0].read_bytes(), b"no picture")
    status, _, content = server.ask(INFER, body, **named)
    assert status == 415
    assert json.loads(content)["error"].startswith("picture 1: not a picture")
    body, named = asked(*[photos[0].read_bytes()] * 21)
    assert server.ask(INFER, body, **named)[0] == 413
    body, named = asked(photos[0].read_bytes(), outputs=[{"name": "other"}])
    status, _, content = server.ask(INFER, body, **named)
    assert status == 400
    assert "no output 'other'" in json.loads(content)["error"]


def changed(**changes: Any) -> bytes:
    tensor = {"name": "image", "datatype": "BYTES", "shape": [1], "data": ["AAAA"]}
    return json.dumps({"inputs": [tensor | changes]}).encode()


@pytest.mark.parametrize(
    ("body", "header_length"),
    [
        (b"", None),
        (b"\xff", None),
        (b"[]", None),
        (b"[" * 100_000, None),
        (b"{}", None),
        (b'{"inputs": []}', None),
        (b'{"inputs": [1]}', None),
        (changed(name="picture"), None),
        (changed(datatype="FP32"), None),
        (changed(shape=[2]), None),
        (changed(shape=None), None),
        (changed(shape=[1.0]), None),
        (changed(shape=[-1]), None),
        (changed(shape=[2**70, 2**70]), None),
        (changed(data=["no base64"]), None),
        (changed(data=["Ä"]), None),
        (changed(data=[1]), None),
        (changed(data=[]), None),
        (changed(parameters=3), None),
        (changed(parameters={"shared_memory_region": "x"}, data=None), None),
        (changed(parameters={"binary_data_size": 4}), None),
        (changed(parameters={"binary_data_size": -4}), None),
        (changed(), "-1"),
        (changed(), "9999"),
        (changed(), "²"),
        (asked(b"abc")[0][:-1], asked(b"abc")[1]["Inference_Header_Content_Length"]),
        (asked(b"abc", outputs=[{}])[0], asked(b"abc", outputs=[{}])[1].popitem()[1]),
        (asked(b"abc", outputs=[1])[0], asked(b"abc", outputs=[1])[1].popitem()[1]),
    ],
)
def test_what_is_no_request(body: bytes, header_length: str | None) -> None:
    with pytest.raises(Problem, match="BYTES") as error:
        read_request(body, header_length)
    assert error.value.status == 400


def test_elements_that_are_cut_off() -> None:
    data = elements(b"abc")[:-1]
    parameters = {"binary_data_size": len(data)}
    tensor = {"name": "image", "datatype": "BYTES", "shape": [1], "parameters": parameters}
    text = json.dumps({"inputs": [tensor]}).encode()
    with pytest.raises(Problem, match="cut off"):
        read_request(text + data, str(len(text)))


def test_client_of_triton(server: Server, model: Classifier, photos: list[Path]) -> None:
    triton = pytest.importorskip("tritonclient.http")
    with triton.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("cats-and-dogs")
        assert not client.is_model_ready("other")
        assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
        tensors = client.get_model_metadata("cats-and-dogs")
        assert [each["name"] for each in tensors["inputs"]] == ["image"]
        contents = [photo.read_bytes() for photo in photos]
        image = triton.InferInput("image", [len(contents)], "BYTES")
        image.set_data_from_numpy(np.array(contents, object))
        expected = model.predict(contents)
        plain = [
            triton.InferRequestedOutput(each["name"], binary_data=False)
            for each in tensors["outputs"]
        ]
        for outputs in (None, plain):
            result = client.infer("cats-and-dogs", [image], outputs=outputs, request_id="a")
            assert result.get_response()["id"] == "a"
            labels = result.as_numpy("label")
            assert [getattr(each, "decode", lambda each=each: each)() for each in labels] == [
                each.label for each in expected
            ]
            scores = [list(each.scores.values()) for each in expected]
            assert result.as_numpy("scores").tolist() == scores
            assert result.as_numpy("rejected").tolist() == [each.rejected for each in expected]
        with pytest.raises(triton.InferenceServerException, match="no model 'other'"):
            client.infer("other", [image])

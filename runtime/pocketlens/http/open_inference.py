"""The open inference protocol, version 2, as clients of KServe and Triton speak it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pocketlens import __version__
from pocketlens.classifier import Classifier
from pocketlens.errors import PocketLensError
from pocketlens.http.bodies import check_pictures, read_body
from pocketlens.http.information_routes import json_response
from pocketlens.http.service import Service
from pocketlens.http.tensors import INPUT, read_request, write_response
from pocketlens.prediction import Prediction

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_HEADER_LENGTH = "Inference-Header-Content-Length"


async def server(service: Service, request: Request) -> Response:
    """GET /v2."""
    return json_response(
        {"name": "pocketlens", "version": __version__, "extensions": ["binary_tensor_data"]}
    )


async def live(service: Service, request: Request) -> Response:
    """GET /v2/health/live."""
    return json_response({"live": True})


async def ready(service: Service, request: Request) -> Response:
    """GET /v2/health/ready."""
    service.check_ready()
    return json_response({"ready": True})


async def model_ready(service: Service, request: Request) -> Response:
    """GET /v2/models/NAME/ready."""
    name, _ = service.model(request.path_params["name"])
    service.check_ready()
    return json_response({"name": name, "ready": True})


async def model(service: Service, request: Request) -> Response:
    """GET /v2/models/NAME: its tensors."""
    name, found = service.model(request.path_params["name"])
    outputs = [
        {"name": "label", "datatype": "BYTES", "shape": [-1]},
        {"name": "score", "datatype": "FP32", "shape": [-1]},
        {"name": "scores", "datatype": "FP32", "shape": [-1, len(found.labels)]},
        {"name": "rejected", "datatype": "BOOL", "shape": [-1]},
    ]
    if found.min_familiarity is not None:
        outputs.append({"name": "familiarity", "datatype": "FP32", "shape": [-1]})
    return json_response(
        {
            "name": name,
            "versions": ["1"],
            "platform": "pocketlens",
            "inputs": [{"name": INPUT, "datatype": "BYTES", "shape": [-1]}],
            "outputs": outputs,
            "parameters": {"labels": list(found.labels)},
        }
    )


async def infer(service: Service, request: Request) -> Response:
    """POST /v2/models/NAME/infer."""
    from starlette.responses import Response

    name, found = service.model(request.path_params["name"])
    body = await read_body(request)
    asked = read_request(body, request.headers.get(_HEADER_LENGTH))
    check_pictures(asked.images)
    answers = await service.answer(name, asked.images, request.receive)
    results: list[Prediction] = []
    for index, answer in enumerate(answers):
        if isinstance(answer.result, PocketLensError):
            raise type(answer.result)(f"picture {index}: {answer.result}")
        results.append(answer.result)
    head = {"model_name": name, "model_version": "1"}
    if asked.id is not None:
        head["id"] = asked.id
    content, length = write_response(head, _tensors(found, results), asked)
    if length is None:
        return Response(content, media_type="application/json")
    headers = {_HEADER_LENGTH: str(length)}
    return Response(content, headers=headers, media_type="application/octet-stream")


def _tensors(model: Classifier, results: list[Prediction]) -> dict[str, npt.NDArray[Any]]:
    tensors = {
        "label": np.array([result.label for result in results], object),
        "score": np.array([result.score for result in results], np.float32),
        "scores": np.array([list(result.scores.values()) for result in results], np.float32),
        "rejected": np.array([result.rejected for result in results]),
    }
    if model.min_familiarity is not None:
        familiarity = [result.familiarity for result in results]
        tensors["familiarity"] = np.array(familiarity, np.float32)
    return tensors

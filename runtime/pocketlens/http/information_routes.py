"""The routes that take no picture: models, health, metrics, the description of the interface."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pocketlens import __version__
from pocketlens.classifier import Classifier
from pocketlens.http.description import docs_page, openapi
from pocketlens.http.problems import Problem
from pocketlens.http.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def json_response(content: Any) -> Response:
    """A response of JSON text."""
    from starlette.responses import Response

    return Response(json.dumps(content, ensure_ascii=False), media_type="application/json")


async def models(service: Service, request: Request) -> Response:
    """GET /v1/models: those that are served, the default first."""
    return json_response({"models": [_summary(*item) for item in service.models.items()]})


async def model(service: Service, request: Request) -> Response:
    """GET /v1/models/NAME: the metadata, without the pictures of the self-test."""
    name, found = service.model(request.path_params["name"])
    metadata = json.loads(found.metadata.to_json())
    del metadata["selftest"]
    return json_response(_summary(name, found) | {"metadata": metadata})


async def alive(service: Service, request: Request) -> Response:
    """GET /healthz."""
    return json_response({"status": "alive", "version": __version__})


async def ready(service: Service, request: Request) -> Response:
    """GET /readyz: 503 where a self-test failed or the queue is full."""
    service.check_ready()
    return json_response({"status": "ready", "waiting": service.queue.waiting})


async def metrics(service: Service, request: Request) -> Response:
    """GET /metrics."""
    from starlette.responses import Response

    if service.metrics is None:
        raise Problem(HTTPStatus.NOT_FOUND, "no metrics are kept; start it with --metrics")
    content, content_type = service.metrics.text()
    return Response(content, headers={"Content-Type": content_type})


async def description(service: Service, request: Request) -> Response:
    """GET /openapi.json."""
    return json_response(openapi(list(service.models)))


async def docs(service: Service, request: Request) -> Response:
    """GET /docs: the same to read, and a form to try it; nothing comes from elsewhere."""
    from starlette.responses import Response

    page = docs_page(openapi(list(service.models)))
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": _POLICY})


def _summary(name: str, model: Classifier) -> dict[str, Any]:
    metadata = model.metadata
    return {
        "name": name,
        "labels": list(model.labels),
        "architecture": metadata.architecture,
        "input_size": list(metadata.preprocessing.input_size),
        "accuracy": metadata.metrics.accuracy if metadata.metrics else None,
        "min_familiarity": model.min_familiarity,
        "can_explain": model.can_explain,
    }

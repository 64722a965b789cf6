"""The routes, and the application that is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pocketlens.http import information_routes, open_inference
from pocketlens.http.endpoint import route
from pocketlens.http.origins import Origins
from pocketlens.http.predict_route import predict
from pocketlens.http.problems import unknown_route
from pocketlens.http.service import Service

if TYPE_CHECKING:
    from starlette.routing import Route
    from starlette.types import ASGIApp

_ROUTES = (
    ("POST", "/v1/predict", predict),
    ("GET", "/v1/models", information_routes.models),
    ("GET", "/v1/models/{name}", information_routes.model),
    ("GET", "/healthz", information_routes.alive),
    ("GET", "/readyz", information_routes.ready),
    ("GET", "/metrics", information_routes.metrics),
    ("GET", "/openapi.json", information_routes.description),
    ("GET", "/docs", information_routes.docs),
    ("GET", "/v2", open_inference.server),
    ("GET", "/v2/health/live", open_inference.live),
    ("GET", "/v2/health/ready", open_inference.ready),
    ("GET", "/v2/models/{name}", open_inference.model),
    ("GET", "/v2/models/{name}/ready", open_inference.model_ready),
    ("POST", "/v2/models/{name}/infer", open_inference.infer),
)


def routes(service: Service) -> list[Route]:
    """The routes, for any application of Starlette or FastAPI; each checks who may ask."""
    return [route(service, *about) for about in _ROUTES]


def application(
    service: Service, *, cors: Sequence[str] = (), hosts: Sequence[str] | None = None
) -> ASGIApp:
    """The routes as an application of their own.

    Args:
        service: What answers.
        cors: Origins, such as "https://example.org", whose pages may ask through a browser.
        hosts: The host names that a request may be for; None: any.
    """
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware.cors import CORSMiddleware

    app: ASGIApp = Starlette(
        routes=routes(service), exception_handlers={HTTPException: unknown_route}
    )
    if cors:
        app = CORSMiddleware(
            app,
            allow_origins=cors,
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "Content-Type"),
            expose_headers=("Retry-After",),
        )
    return Origins(app, cors, hosts)

"""What each route has in common: who may ask, errors as problems, the count of requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from pocketlens.errors import PocketLensError
from pocketlens.http import authorization
from pocketlens.http.problems import Problem, problem_response, status_of
from pocketlens.http.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

Handler: TypeAlias = "Callable[[Service, Request], Awaitable[Response]]"


def route(service: Service, method: str, path: str, handler: Handler) -> Route:
    """A route that answers by `handler`, for Starlette and for what is made of it."""
    from starlette.routing import Route

    async def endpoint(request: Request) -> Response:
        begun = perf_counter()
        try:
            authorization.check(service.authorization, request.headers.get("authorization"))
            response = await handler(service, request)
        except Problem as problem:
            response = problem_response(path, problem)
        except PocketLensError as error:
            response = problem_response(path, Problem(status_of(error), str(error)))
        if service.metrics:
            service.metrics.observe(path, response.status_code, perf_counter() - begun)
        return response

    return Route(path, endpoint, methods=[method], include_in_schema=False)

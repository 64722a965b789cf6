"""Errors as RFC 9457 has them: application/problem+json."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pocketlens.errors import FormatError, PocketLensError
from pocketlens.http.limits import SECONDS_TO_RETRY

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_COME_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class Problem(Exception):
    """A request that is refused: the status, why and what to do."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = dict(headers or {})
        if status in _COME_AGAIN:
            self.headers["Retry-After"] = str(SECONDS_TO_RETRY)


def status_of(error: PocketLensError) -> HTTPStatus:
    """The status for a picture that has no answer."""
    if isinstance(error, FormatError):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return HTTPStatus.UNPROCESSABLE_ENTITY


def problem_response(path: str, problem: Problem) -> Response:
    """The response; below /v2 it also has "error", where clients of that protocol look."""
    from starlette.responses import Response

    content = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": str(problem),
    }
    if path.startswith("/v2"):
        content["error"] = str(problem)
    return Response(
        json.dumps(content, ensure_ascii=False),
        problem.status.value,
        problem.headers,
        "application/problem+json",
    )


async def unknown_route(request: Request, error: Any) -> Response:
    """The response for a path or a method that there is not; for Starlette."""
    status = HTTPStatus(error.status_code)
    detail = f"{request.method} {request.url.path}: {status.description or status.phrase}"
    return problem_response(
        request.url.path, Problem(status, f"{detail}; /docs lists what there is", error.headers)
    )

"""POST /v1/predict."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pocketlens.errors import PocketLensError
from pocketlens.http.batching import Answer
from pocketlens.http.bodies import sent_pictures
from pocketlens.http.information_routes import json_response
from pocketlens.http.problems import Problem, status_of
from pocketlens.http.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_OPTIONS = {"model", "top_k", "explain"}


async def predict(service: Service, request: Request) -> Response:
    """One picture: its answer or its error. Several: a list of them."""
    query = request.query_params
    if unknown := set(query) - _OPTIONS:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            f"got ?{sorted(unknown)[0]:.100}, expected {', '.join(sorted(_OPTIONS))}",
        )
    top_k = _top_k(query.get("top_k"))
    explain = _explain(query.get("explain", "0"))
    name, model = service.model(query.get("model"))
    if explain and not model.can_explain:
        raise Problem(HTTPStatus.BAD_REQUEST, f"{name!r} has no activation map: leave explain out")
    sent = await sent_pictures(request)
    answers = await service.answer(name, sent.images, request.receive, explain)
    rows: list[dict[str, Any]] = []
    for file, answer in zip(sent.names, answers, strict=True):
        if isinstance(answer.result, PocketLensError):
            if not sent.is_list:
                raise answer.result
            rows.append(_failed(file, answer.result))
        else:
            rows.append(_row(file, name, answer, top_k))
    return json_response(rows if sent.is_list else rows[0])


def _row(file: str | None, name: str, answer: Answer, top_k: int | None) -> dict[str, Any]:
    """The keys of `pocketlens predict --json`, and more."""
    result: Any = answer.result
    row = {
        "file": file,
        **result.to_dict(top_k or len(result.scores)),
        "model": name,
        "ms": round(answer.milliseconds, 2),
    }
    if answer.explanation:
        row["explanation"] = answer.explanation
    return row


def _failed(file: str | None, error: PocketLensError) -> dict[str, Any]:
    return {"file": file, "error": str(error), "status": status_of(error).value}


def _top_k(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) < 10**6:
        raise Problem(
            HTTPStatus.BAD_REQUEST, f"got top_k={text!r:.100}, expected a whole number above 0"
        )
    return int(text)


def _explain(text: str) -> bool:
    if text not in ("0", "1"):
        raise Problem(HTTPStatus.BAD_REQUEST, f"got explain={text!r:.100}, expected 0 or 1")
    return text == "1"

"""What the page's scripts ask the server: answers, small pictures, corrections, the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pocketlens.classifier import Classifier
from pocketlens.engine.cores import usable_cores
from pocketlens.errors import (
    FileMissingError,
    ImageError,
    InputTypeError,
    PocketLensError,
    SettingError,
)
from pocketlens.pictures.folders import PassedOver
from pocketlens_demo.addresses import qr_code, reachable, with_host
from pocketlens_demo.answering import answer
from pocketlens_demo.checked_blocks import is_upload
from pocketlens_demo.corrections import Corrections, encoded
from pocketlens_demo.limits import MAX_WAITING
from pocketlens_demo.served import Served
from pocketlens_demo.tabs.photo import EXAMPLES
from pocketlens_demo.teaching.sessions import Sessions
from pocketlens_demo.zips import named_pictures

PREFIX = "/page"
_STATIC = Path(__file__).parent / "static"
_MOST_SIDE = 1600
_SECONDS = 1
_LONGEST_ADDRESS = 500


class PageRoutes:
    """The routes below PREFIX; the guard in front of them knows who has logged in."""

    def __init__(
        self,
        models: Sequence[Served],
        corrections: Corrections | None,
        sessions: Sessions | None,
        host: str,
    ) -> None:
        """Takes what the page is built around."""
        self._models = models
        self._corrections = corrections
        self._sessions = sessions
        self._host = host
        self._limiter: anyio.CapacityLimiter | None = None

    def routes(self) -> list[BaseRoute]:
        """All of them, for the server."""
        endpoints: tuple[tuple[str, str, Callable[..., Any]], ...] = (
            ("POST", "/answer", self._answer),
            ("GET", "/members", self._members),
            ("POST", "/preview", self._preview),
            ("GET", "/preview", self._preview),
            ("GET", "/examples/{number:int}", self._example),
            ("GET", "/phone", self._phone),
            ("POST", "/keep", self._keep),
            ("POST", "/undo", self._undo),
        )
        routes: list[BaseRoute] = [
            Route(PREFIX + path, partial(self._reply, work), methods=[method])
            for method, path, work in endpoints
        ]
        # No Mount: behind a proxy that takes the prefix away, it would not find its own paths.
        routes.append(Route(f"{PREFIX}/models/{{number:int}}", self._file))
        routes.append(Route(f"{PREFIX}/static/{{name}}", _static))
        return routes

    async def _reply(
        self, work: Callable[[Request, bytes], Response], request: Request
    ) -> Response:
        body = await request.body()
        limiter = self._limiter = self._limiter or anyio.CapacityLimiter(usable_cores())
        if limiter.statistics().tasks_waiting >= MAX_WAITING:
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "Many are asking just now; try again.")
        try:
            return await anyio.to_thread.run_sync(work, request, body, limiter=limiter)
        except PocketLensError as error:
            return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))

    def _answer(self, request: Request, body: bytes) -> Response:
        model, explain = self._model(request), "explain" in request.query_params
        try:
            return JSONResponse(answer(model, _photo(request, body), explain))
        except (ImageError, FileMissingError) as error:
            # An answer too: of a status above 400 every browser would log an error.
            return JSONResponse({"error": str(error)})

    def _preview(self, request: Request, body: bytes) -> Response:
        try:
            return self._jpeg(_photo(request, body), request)
        except ImageError:
            # Its answer says why.
            return Response(status_code=HTTPStatus.NO_CONTENT)

    def _members(self, request: Request, body: bytes) -> Response:
        passed = PassedOver()
        pictures = named_pictures([_upload(request)], passed)
        names = [picture.name for picture in pictures]
        return JSONResponse({"names": names, "passed": passed.count()})

    def _example(self, request: Request, body: bytes) -> Response:
        number = request.path_params["number"] % len(EXAMPLES)
        return self._jpeg(EXAMPLES[number].read_bytes(), request)

    def _phone(self, request: Request, body: bytes) -> Response:
        asked = request.query_params.get("page", "")
        address = with_host(asked, reachable(self._host))
        if len(address) > _LONGEST_ADDRESS or not address.startswith(("http://", "https://")):
            raise SettingError(f"got page={asked!r:.50}, expected the address of this page")
        return JSONResponse({"address": address, "code": qr_code(address)})

    def _keep(self, request: Request, body: bytes) -> Response:
        label = request.query_params.get("label")
        kept = self._collection().keep(_photo(request, body), label)
        return JSONResponse({"undo": kept})

    def _undo(self, request: Request, body: bytes) -> Response:
        self._collection().undo(request.query_params.get("kept", ""))
        return JSONResponse({})

    async def _file(self, request: Request) -> Response:
        number = request.path_params["number"]
        if number >= len(self._models):
            return _refused(HTTPStatus.NOT_FOUND, "there is no such model")
        file = self._models[number].file
        return FileResponse(file, media_type="application/octet-stream", filename=file.name)

    def _model(self, request: Request) -> Classifier:
        key = request.query_params.get("model", "0")
        for each in self._models:
            if each.key == key:
                return each.model
        if self._sessions and (taught := self._sessions.taught(key)):
            return taught
        raise SettingError("The model is gone; reload the page.")

    def _jpeg(self, photo: bytes, request: Request) -> Response:
        depth = self._models[0].model.metadata.preprocessing.depth
        side = max(1, _number(request, "side", _MOST_SIDE))
        headers = {"Cache-Control": "private, max-age=600"}
        return Response(encoded(photo, depth, side), headers=headers, media_type="image/jpeg")

    def _collection(self) -> Corrections:
        if self._corrections is None:
            raise SettingError("this page keeps no photos")
        return self._corrections


async def _static(request: Request) -> Response:
    file = _STATIC / request.path_params["name"]
    if file not in _STATIC.iterdir():
        return _refused(HTTPStatus.NOT_FOUND, "there is no such file")
    return FileResponse(file, headers={"Cache-Control": "no-cache"})


def _photo(request: Request, body: bytes) -> bytes:
    """The picture in the body, or the one of a zip file that was uploaded before."""
    if body or "path" not in request.query_params:
        return body
    pictures = named_pictures([_upload(request)])
    number = _number(request, "member", len(pictures) - 1)
    return pictures[number].read()


def _upload(request: Request) -> dict[str, Any]:
    file = {"path": request.query_params.get("path"), "orig_name": request.query_params.get("name")}
    if not is_upload(file):
        raise InputTypeError("The uploaded file is gone: drop it again.")
    return file


def _number(request: Request, name: str, most: int) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= most):
        raise SettingError(f"got {name}={text!r:.50}, expected a number up to {most}")
    return int(text)


def _refused(status: HTTPStatus, text: str) -> JSONResponse:
    headers = {"Retry-After": str(_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return JSONResponse({"detail": text}, status, headers)

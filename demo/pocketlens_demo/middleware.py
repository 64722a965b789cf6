"""Checks each request before Gradio gets it: the sender's site, the route, the size."""

from __future__ import annotations

import os
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from python_multipart.exceptions import FormParserError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pocketlens.http.limits import MAX_BODY
from pocketlens.pictures.folders import SUFFIXES
from pocketlens_demo.limits import (
    MAX_JSON,
    MAX_PHOTO,
    MAX_RECEIVING,
    MAX_STORED,
    MAX_UPLOAD,
    MINUTES_KEPT,
)
from pocketlens_demo.logins import SECONDS, Logins
from pocketlens_demo.programs import PREFIXES
from pocketlens_demo.routes import PREFIX
from pocketlens_demo.upload_folder import UploadFolder
from pocketlens_demo.uploads import too_large

_API = "/gradio_api/"
_UPLOAD = f"{_API}upload"
_FILE = f"{_API}file="
_ENDPOINTS = (
    "app_id",
    "call/",
    "cancel",
    "file=",
    "heartbeat/",
    "info",
    "queue/",
    "reset",
    "startup-events",
    "stream/",
    "theme.css",
    "upload",
    "user",
)
_STATIC = f"{PREFIX}/static/"
_SERVED = SUFFIXES | {".csv", ".onnx", ".zip"}
_POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)


# A Space is shown in a frame of its host.
if "SPACE_ID" in os.environ:
    _POLICY += " https://huggingface.co"


class Guard:
    """ASGI middleware: answers a forbidden request with the reason, and adds security headers."""

    def __init__(
        self,
        app: ASGIApp,
        uploads: UploadFolder,
        hosts: set[str],
        wake: Callable[[], None],
    ) -> None:
        """Wraps an application.

        Args:
            app: It gets the requests that pass.
            uploads: The folder whose size is limited.
            hosts: The host names that a request may be for; none: any.
            wake: Called for each request that passes.
        """
        self.app = app
        self.uploads = uploads
        self.hosts = hosts
        self.wake = wake
        self._receiving = 0
        self._logins = Logins()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                if _tries_password(scope) and message["status"] == _wrong(scope):
                    self._logins.note_wrong(_client(scope))
            await send(message)

        refusal = (
            self._renamed(Headers(scope=scope))
            or _foreign(Headers(scope=scope))
            or _unserved(_path(scope))
            or self._guessing(scope)
            or _unknown(scope)
            or self._large(scope)
        )
        if refusal:
            status, text = refusal
            response = JSONResponse({"detail": text}, status)
            await response(scope, receive, send_with_headers)
            return
        if not _is_own(scope):
            self.wake()
        length = int(Headers(scope=scope).get("content-length") or 0)
        self._receiving += length
        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            self._receiving -= length

    def _renamed(self, headers: Headers) -> tuple[int, str] | None:
        """Forbids a host name of another site that leads to this computer (DNS rebinding)."""
        host = urlsplit(f"//{headers.get('host', '')}").hostname
        if not self.hosts or host in self.hosts:
            return None
        text = (
            f"asked for as {host!r}, but this page is for this computer alone "
            "(for a reverse proxy on it, set GRADIO_ROOT_PATH to the public address)"
        )
        return HTTPStatus.FORBIDDEN, text

    def _guessing(self, scope: Scope) -> tuple[int, str] | None:
        if not _tries_password(scope) or not self._logins.must_wait(_client(scope)):
            return None
        text = f"too many wrong passwords; try again in {SECONDS} seconds"
        return HTTPStatus.TOO_MANY_REQUESTS, text

    def _large(self, scope: Scope) -> tuple[int, str] | None:
        if scope["method"] != "POST":
            return None
        length = Headers(scope=scope).get("content-length", "")
        if not length.isdecimal():
            return HTTPStatus.LENGTH_REQUIRED, "a body needs a Content-Length"
        if _is_own(scope):
            return self._large_photo(int(length))
        is_upload, is_for_programs = _path(scope) == _UPLOAD, _path(scope).startswith(PREFIXES)
        most = MAX_UPLOAD if is_upload else MAX_BODY if is_for_programs else MAX_JSON
        if int(length) > most:
            text = f"{int(length):,} bytes at once, at most {most:,} are taken"
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text
        if is_for_programs:
            return self._crowded(int(length))
        coming = int(length) + self._receiving
        if is_upload and coming + self.uploads.stored() > MAX_STORED:
            text = f"the server holds all it can; try again in {MINUTES_KEPT} minutes"
            return HTTPStatus.INSUFFICIENT_STORAGE, text
        return None

    def _large_photo(self, length: int) -> tuple[int, str] | None:
        if length > MAX_PHOTO:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(length)
        return self._crowded(length)

    def _crowded(self, length: int) -> tuple[int, str] | None:
        if length + self._receiving > MAX_RECEIVING:
            return HTTPStatus.SERVICE_UNAVAILABLE, "Many are asking just now; try again."
        return None


def _is_login(scope: Scope) -> bool:
    return scope["method"] == "POST" and _path(scope) == "/login"


def _tries_password(scope: Scope) -> bool:
    has_one = scope["app"].auth is not None and "authorization" in Headers(scope=scope)
    return _is_login(scope) or has_one


def _wrong(scope: Scope) -> HTTPStatus:
    """What a wrong password is answered with."""
    return HTTPStatus.BAD_REQUEST if _is_login(scope) else HTTPStatus.UNAUTHORIZED


def _client(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else ""


def _is_own(scope: Scope) -> bool:
    return _path(scope).startswith(f"{PREFIX}/")


def _unknown(scope: Scope) -> tuple[int, str] | None:
    """Forbids the page's own routes to who has not logged in; Gradio checks its own."""
    app = scope["app"]
    if app.auth is None or not _is_own(scope) or _path(scope).startswith(_STATIC):
        return None
    cookies = cookie_parser(Headers(scope=scope).get("cookie", ""))
    names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    if any(cookies.get(name) in app.tokens for name in names):
        return None
    return HTTPStatus.UNAUTHORIZED, "log in first: reload the page"


def _path(scope: Scope) -> str:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path.rstrip("/") if len(path) > 1 else path


def _foreign(headers: Headers) -> tuple[int, str] | None:
    """Forbids requests that a page of another site makes through its visitor's browser."""
    origin = headers.get("origin")
    own = {headers.get("host", ""), headers.get("x-forwarded-host", "")}
    if origin is None or urlsplit(origin).netloc in own - {""}:
        return None
    text = (
        f"a request of {origin!r} to {headers.get('host')!r}: other sites are not answered "
        "(a reverse proxy must pass the Host header on)"
    )
    return HTTPStatus.FORBIDDEN, text


def _unserved(path: str) -> tuple[int, str] | None:
    if path.startswith(_FILE):
        file = path.removeprefix(_FILE)
        if "://" in file or Path(file).suffix.lower() not in _SERVED:
            return (
                HTTPStatus.FORBIDDEN,
                "only visitors' pictures, tables and models are served",
            )
    elif path.startswith(_API) and not path.removeprefix(_API).startswith(_ENDPOINTS):
        return HTTPStatus.NOT_FOUND, "this page does not offer that"
    return None


async def _storage_failed(request: Any, error: Exception) -> JSONResponse:
    reason = getattr(error, "strerror", None) or "no room"
    text = f"the server cannot store the upload ({reason}); try again in a few minutes"
    return JSONResponse({"detail": text}, HTTPStatus.INSUFFICIENT_STORAGE)


async def _malformed_form(request: Any, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": f"no readable form: {error}"}, HTTPStatus.BAD_REQUEST)


async def _nobody_there(request: Any, error: Exception) -> Response:
    return Response(status_code=HTTPStatus.BAD_REQUEST)


EXCEPTION_HANDLERS = {
    OSError: _storage_failed,
    FormParserError: _malformed_form,
    ClientDisconnect: _nobody_there,
}
"""For errors that Gradio would report as Internal Server Error."""

"""Refuses what other sites ask through a visitor's browser."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pocketlens.http.problems import Problem, problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Origins:
    """ASGI middleware; see application()."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str], hosts: Sequence[str] | None) -> None:
        self._app = app
        self._allowed = allowed
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] == "http" and (refusal := self._refusal(dict(scope["headers"]))):
            problem = Problem(HTTPStatus.FORBIDDEN, refusal)
            await problem_response(scope["path"], problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, headers: dict[bytes, bytes]) -> str:
        host = headers.get(b"host", b"").decode("latin-1")
        if self._hosts is not None and _hostname(f"//{host}") not in self._hosts:
            # A name of another site that leads to this computer (DNS rebinding).
            return (
                f"asked for as {host!r:.100}, but it is for this computer alone; behind a reverse "
                "proxy on it, start it with --token"
            )
        origin = headers.get(b"origin", b"").decode("latin-1")
        if not origin or origin in self._allowed or origin.partition("://")[2] == host:
            return ""
        return f"a request of {origin!r:.100}: other sites are not answered unless named by --cors"


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None

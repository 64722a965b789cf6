"""The <head> of the page: its own words for link previews, English, nothing that is not needed."""

from __future__ import annotations

import re
from html import escape

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FOREIGN = re.compile(
    rb'<meta\s+(?:property="og:|name="twitter:)[^>]*>'
    rb'|<link rel="manifest"[^>]*>'
    # It sends the page's size to a page around it.
    rb"|<script>\s*\(\(\) => \{\s*const root = .*?</script>",
    re.DOTALL,
)
_HEAD = """\
<meta property="og:type" content="website">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{about}">
<meta name="description" content="{about}">
<script>for (const name of ["language", "languages"])
  Object.defineProperty(navigator, name, {{ value: name === "language" ? "en" : ["en"] }});</script>
<link rel="stylesheet" href="page/static/page.css">
"""


class OwnHead:
    """ASGI middleware around the page; all other answers pass as they are."""

    def __init__(self, app: ASGIApp, title: str, about: str) -> None:
        """Wraps an application."""
        self.app = app
        self._head = _HEAD.format(title=escape(title), about=escape(about)).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not _is_page(scope):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def send_changed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = self._changed(b"".join(parts))
            MutableHeaders(scope=start)["Content-Length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, send_changed)

    def _changed(self, body: bytes) -> bytes:
        head, end, rest = body.partition(b"</head>")
        # Before Gradio's scripts, which take the browser's language.
        begin, mark, more = _FOREIGN.sub(b"", head).partition(b'<meta charset="utf-8" />')
        return begin + mark + (self._head if mark else b"") + more + end + rest


def _is_page(scope: Scope) -> bool:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path in ("", "/")

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from served_page import free_port


@contextlib.contextmanager
def reverse_proxy(target: str, prefix: str) -> Iterator[str]:
    """Serves `target` below `prefix`, as nginx does that passes the Host header on."""

    async def forward(request: Request) -> StreamingResponse:
        client = httpx.AsyncClient(timeout=60)
        url = target + request.url.path.removeprefix(prefix)
        asked = client.build_request(
            request.method,
            httpx.URL(url, query=request.url.query.encode()),
            headers=request.headers.raw,
            content=await request.body(),
        )
        answer = await client.send(asked, stream=True)

        async def body() -> AsyncIterator[bytes]:
            try:
                async for chunk in answer.aiter_raw():
                    yield chunk
            finally:
                await answer.aclose()
                await client.aclose()

        return StreamingResponse(body(), answer.status_code, dict(answer.headers))

    methods = ["GET", "HEAD", "POST", "OPTIONS"]
    app = Starlette(routes=[Route(prefix + "{path:path}", forward, methods=methods)])
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}{prefix}"
    server.should_exit = server.force_exit = True
    thread.join()

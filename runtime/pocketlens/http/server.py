"""Serves the models until Ctrl-C or SIGTERM."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pocketlens.errors import SettingError
from pocketlens.extras import requires_extra
from pocketlens.http.application import application
from pocketlens.http.connections import protocol_class
from pocketlens.http.limits import MAX_CONNECTIONS, SECONDS_TO_FINISH
from pocketlens.http.metrics import Metrics
from pocketlens.http.service import Service, load_models

if TYPE_CHECKING:
    import uvicorn

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_BACKLOG = 2048
_FILES = 65536
_OTHER_FILES = 100
_ON_WINDOWS = 200
"""Connections: select() there takes 512."""


@dataclass(frozen=True)
class Settings:
    """What each worker is told.

    Attributes:
        models: The .onnx files.
        host: The address that is listened on.
        authorization: See Service.
        cors: See application().
        metrics: Whether figures are kept for /metrics.
    """

    models: tuple[Path, ...]
    host: str
    authorization: str | None = None
    cors: tuple[str, ...] = ()
    metrics: bool = False

    @property
    def is_local(self) -> bool:
        """Whether only this computer is listened to."""
        return self.host in _LOOPBACK


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    Raises:
        SettingError: The address or the port is not to be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingError(f"cannot listen on {host} port {port} ({reason})") from error


def serve(settings: Settings, listening: socket.socket, started: Callable[[], object]) -> None:
    """Serves in this process until SIGINT or SIGTERM; what has begun is answered.

    Args:
        settings: What to serve.
        listening: See listen().
        started: Called when requests are answered.

    Raises:
        PocketLensError: A model cannot be loaded, or a library is missing.
    """
    with requires_extra("serve", "httptools", "python_multipart", "starlette", "uvicorn"):
        import httptools  # noqa: F401
        import python_multipart  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    models, failed = load_models(settings.models)
    if failed:
        print(f"pocketlens: error: not ready: {failed}", file=sys.stderr)
    metrics = Metrics() if settings.metrics else None
    service = Service(models, failed, settings.authorization, metrics)
    server = server_of(service, settings)

    def end(number: int, frame: object) -> None:
        server.should_exit = True

    # For signals before uvicorn waits for them; it raises its own again when all is answered.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    started()
    server.run(sockets=[listening])
    service.queue.close()


def server_of(
    service: Service, settings: Settings, most_connections: int = MAX_CONNECTIONS
) -> uvicorn.Server:
    """Uvicorn's server for the application.

    Args:
        service: What answers.
        settings: Who may ask.
        most_connections: How many may wait for their client; fewer where few files may be open.
    """
    import uvicorn

    # Who knows the token is no page that a visitor's browser was led to.
    hosts = _LOOPBACK if settings.is_local and not settings.authorization else None
    config = uvicorn.Config(
        application(service, cors=settings.cors, hosts=hosts),
        http=protocol_class(min(most_connections, _room_for_connections())),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    # They warn of each garbled request.
    for name in ("uvicorn.error", "python_multipart"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return uvicorn.Server(config)


def _room_for_connections() -> int:
    """As many as the system's limit of open files allows, which is raised where it can be."""
    if sys.platform == "win32":
        return _ON_WINDOWS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return _FILES if soft == resource.RLIM_INFINITY else max(1, (soft - _OTHER_FILES) // 2)

"""Several processes that serve behind one socket."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from tempfile import TemporaryDirectory
from threading import Thread
from time import monotonic
from typing import Any

from pocketlens.errors import PocketLensError, SettingError
from pocketlens.extras import is_frozen
from pocketlens.http.metrics import FOLDER
from pocketlens.http.server import Settings, serve

_SECONDS_TO_START = 10


def serve_by_workers(
    settings: Settings, listening: socket.socket, workers: int, started: Callable[[], object]
) -> None:
    """Starts workers, starts again what has died, and ends them with SIGINT or SIGTERM.

    Args:
        settings: What to serve.
        listening: See listen().
        workers: How many.
        started: Called when the first worker answers.

    Raises:
        SettingError: A worker ended as soon as it was started, or this application is frozen.
    """
    if is_frozen():
        raise SettingError("a frozen application serves by one process; leave --workers out")
    context = get_context("spawn")
    is_started = context.Event()
    begun: dict[Any, float] = {}

    def start() -> None:
        worker = context.Process(target=_work, args=(settings, listening, is_started))
        worker.start()
        begun[worker] = monotonic()

    with _shared_metrics(settings.metrics), _interrupted_by_sigterm():
        try:
            start()
            while not is_started.wait(0.1):
                _check(begun)
            for _ in range(workers - 1):
                start()
            started()
            while True:
                wait([worker.sentinel for worker in begun])
                for worker in _check(begun):
                    start()
                    _forget_figures(settings, worker.pid)
        except KeyboardInterrupt:
            pass
        finally:
            for worker in begun:
                worker.terminate()
            for worker in begun:
                worker.join()


def _check(begun: dict[Any, float]) -> list[Any]:
    """Takes out the workers that have ended, and returns them."""
    ended = [worker for worker in begun if not worker.is_alive()]
    for worker in ended:
        if monotonic() - begun.pop(worker) < _SECONDS_TO_START:
            raise SettingError(f"a worker has ended at once, with status {worker.exitcode}")
    return ended


def _work(settings: Settings, listening: socket.socket, is_started: Any) -> None:
    parent: Any = parent_process()

    def end_with_parent() -> None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=end_with_parent, daemon=True).start()
    try:
        serve(settings, listening, is_started.set)
    except PocketLensError as error:
        sys.exit(f"pocketlens: error: {error}")


@contextmanager
def _shared_metrics(wanted: bool) -> Iterator[None]:
    """A folder in which the workers share their figures."""
    if not wanted:
        yield
        return
    with TemporaryDirectory(prefix="pocketlens-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def _forget_figures(settings: Settings, pid: int) -> None:
    if settings.metrics:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

"""What slow, gone, endless and senseless clients do to `pocketlens serve`: nothing."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from builders import encode, plain
from pocketlens.http import connections
from pocketlens.prediction import Prediction
from served import Server, form

for library in ("httptools", "onnxruntime", "prometheus_client", "starlette", "uvicorn"):
    pytest.importorskip(library)

from pocketlens.http.batching import AnswerQueue
from pocketlens.http.server import Settings, listen, server_of
from pocketlens.http.service import Service

REQUEST = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
PICTURE = encode(plain(250, 0, 0))
WHOLE = REQUEST + f"Content-Length: {len(PICTURE)}\r\n\r\n".encode() + PICTURE


class Stub:
    """Answers once it is released; notes how many pictures it is given together."""

    can_explain = False

    def __init__(self) -> None:
        self.released = Event()
        self.begun = Event()
        self.batches: list[int] = []

    def predict_each(self, images: list[bytes], explain: bool) -> list[Prediction]:
        self.begun.set()
        assert self.released.wait(20)
        self.batches.append(len(images))
        return [Prediction("red", 1.0, {"red": 1.0})] * len(images)


class Local:
    """The service in this process, on one thread."""

    def __init__(self, model: Any, most_connections: int) -> None:
        self.service = Service({"stub": model}, queue=AnswerQueue(1))
        self.listening = listen("127.0.0.1", 0)
        self.port = self.listening.getsockname()[1]
        self.server = server_of(self.service, Settings((), "127.0.0.1"), most_connections)
        self.thread = Thread(target=self.server.run, kwargs={"sockets": [self.listening]})
        self.thread.start()

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.service.queue.close()
        self.listening.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ask(self, data: bytes = WHOLE) -> bytes:
        with self.connect() as client:
            client.sendall(data)
            return response(client)


def response(client: socket.socket) -> bytes:
    """Head and body of a response; b"" where the connection was ended."""
    data = b""
    with suppress(ConnectionError):
        while chunk := client.recv(65536):
            data += chunk
            head, end, body = data.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if end and len(body) >= int(length):
                break
    return data


def eventually(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def local(model: Any = None, most_connections: int = 100) -> Iterator[Local]:
    if model is None:
        model = Stub()
        model.released.set()
    found = Local(model, most_connections)
    try:
        yield found
    finally:
        if isinstance(model, Stub):
            model.released.set()
        found.close()


def test_half_open_connections_make_room_for_others() -> None:
    with local(most_connections=20) as server, ExitStack() as clients:
        silent = [clients.enter_context(server.connect()) for _ in range(60)]
        assert b'"red"' in server.ask()
        assert response(silent[0]) == b""
        assert len(server.server.server_state.connections) <= 20
        # The latest ones are still there.
        silent[-1].sendall(WHOLE)
        assert b'"red"' in response(silent[-1])


@pytest.mark.parametrize(
    "start", [b"", b"POST /v1/pre", REQUEST, REQUEST + b"Content-Length: 99\r\n\r\nhalf"]
)
def test_a_request_has_to_come_in_time(start: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SECONDS_TO_SEND", 0.1)
    monkeypatch.setattr(connections, "_SECONDS_BETWEEN_LOOKS", 0.05)
    with local() as server, server.connect() as client:
        client.sendall(start)
        assert response(client) == b""
        eventually(lambda: not server.server.server_state.tasks)
        assert b'"red"' in server.ask()


def test_an_answer_may_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SECONDS_TO_SEND", 0.1)
    monkeypatch.setattr(connections, "_SECONDS_BETWEEN_LOOKS", 0.05)
    model = Stub()
    with local(model) as server, server.connect() as client:
        client.sendall(WHOLE)
        model.begun.wait(10)
        time.sleep(0.3)
        model.released.set()
        assert b'"red"' in response(client)


def test_who_does_not_read_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SECONDS_TO_SEND", 0.1)
    monkeypatch.setattr(connections, "_SECONDS_BETWEEN_LOOKS", 0.05)

    class Long(Stub):
        def predict_each(self, images: list[bytes], explain: bool) -> list[Prediction]:
            return [Prediction("x" * 20_000_000, 1.0, {"x": 1.0})]

    with local(Long()) as server, server.connect() as client:
        client.sendall(WHOLE)
        eventually(lambda: server.server.server_state.total_requests)
        eventually(lambda: not server.server.server_state.connections)


def test_endless_headers() -> None:
    with local() as server, server.connect() as client:
        with pytest.raises(ConnectionError):
            for number in range(1_000_000):
                client.sendall(f"X-{number}: {'x' * 1000}\r\n".encode() if number else REQUEST)
        assert number < 20_000
        assert b'"red"' in server.ask()


@pytest.mark.parametrize("head", [b"", b"/other"])
def test_endless_bodies(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a route that reads it, and of one that does not."""
    for module in ("connections", "bodies"):
        monkeypatch.setattr(f"pocketlens.http.{module}.MAX_BODY", 1_000_000)
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with local() as server, server.connect() as client:
        client.sendall(REQUEST.replace(b"/v1/predict", head or b"/v1/predict"))
        client.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(ConnectionError):
            for _ in range(10_000):
                client.sendall(chunk)
        assert b'"red"' in server.ask()


def test_bodies_hold_so_much_memory_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_RECEIVING", 1_000_000)
    with local() as server, ExitStack() as clients:
        slow = [clients.enter_context(server.connect()) for _ in range(10)]
        for client in slow:
            client.sendall(REQUEST + b"Content-Length: 10000000\r\n\r\n")
            with suppress(ConnectionError):
                client.sendall(bytes(500_000))
        eventually(lambda: len(server.server.server_state.connections) <= 3)
        assert b'"red"' in server.ask()


@pytest.mark.parametrize(
    "garbage",
    [
        bytes(range(256)) * 100,
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n" * 1000,
        b"POST /v1/predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /%ff%00 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000,
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000 + b"\0",
        REQUEST + b"Content-Length: 3\r\n\r\nabc" + b"\xff" * 1000,
        b"GET http://169.254.169.254/latest HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\n\r\n",
    ],
)
def test_garbage(garbage: bytes) -> None:
    with local() as server:
        with server.connect() as client:
            client.settimeout(0.3)
            with suppress(TimeoutError, ConnectionError):
                client.sendall(garbage)
                while client.recv(65536):
                    pass
        assert b'"red"' in server.ask()


def test_pipelined_requests_are_answered_in_order() -> None:
    with local() as server, server.connect() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + WHOLE)
        assert b'"alive"' in response(client)
        assert b'"red"' in response(client)


def test_who_goes_in_the_middle_holds_nothing() -> None:
    model = Stub()
    with local(model) as server:
        for _ in range(5):
            with server.connect() as client:
                client.sendall(WHOLE[:-10])
        with server.connect() as first:
            first.sendall(WHOLE)
            assert model.begun.wait(10)
            with server.connect() as gone:
                gone.sendall(WHOLE)
                eventually(lambda: server.service.queue.waiting == 2)
            # Only the first request is left.
            eventually(lambda: len(server.server.server_state.tasks) == 1)
            model.released.set()
            assert b'"red"' in response(first)
        eventually(lambda: server.service.queue.waiting == 0)
        assert model.batches == [1]


def test_a_full_queue_says_so() -> None:
    model = Stub()
    body, content_type = form(*[("a.png", PICTURE)] * 20)
    head = REQUEST.replace(b"image/png", content_type.encode())
    twenty = head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    ready = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with local(model) as server, ExitStack() as clients:
        waiting = [clients.enter_context(server.connect()) for _ in range(13)]
        waiting[0].sendall(WHOLE)
        assert model.begun.wait(10)
        for client in waiting[1:]:
            client.sendall(twenty)
        eventually(lambda: server.service.queue.waiting == 241)
        assert b"200 OK" in server.ask(ready)
        refused = server.ask(twenty)
        assert refused.startswith(b"HTTP/1.1 429")
        assert b"retry-after: 1" in refused.lower()
        for _ in range(15):
            client = clients.enter_context(server.connect())
            client.sendall(WHOLE)
        eventually(lambda: server.service.queue.waiting == 256)
        assert server.ask(ready).startswith(b"HTTP/1.1 503")
        assert server.ask().startswith(b"HTTP/1.1 429")
        model.released.set()
        for client in waiting[1:]:
            assert len(json.loads(response(client).partition(b"\r\n\r\n")[2])) == 20
        # Several together where several wait.
        assert model.batches[0] == 1
        assert max(model.batches) == 8
        assert sum(model.batches) == 256


def test_an_error_of_ours_is_said_and_the_next_is_answered() -> None:
    class Broken(Stub):
        def predict_each(self, images: list[bytes], explain: bool) -> list[Prediction]:
            if not self.begun.is_set():
                self.begun.set()
                raise ZeroDivisionError
            return super().predict_each(images, explain)

    model = Broken()
    model.released.set()
    with local(model) as server:
        assert server.ask().startswith(b"HTTP/1.1 500")
        assert b'"red"' in server.ask()


def test_what_has_begun_is_answered_after_sigterm(colors_file: Path) -> None:
    with Server(str(colors_file)) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            client.sendall(WHOLE[:-10])
            assert server.json("/healthz")
            server.process.send_signal(signal.SIGTERM)

            def is_closed() -> bool:
                try:
                    socket.create_connection(("127.0.0.1", server.port)).close()
                except ConnectionError:
                    return True
                return False

            eventually(is_closed)
            client.sendall(WHOLE[-10:])
            assert b'"red"' in response(client)
        assert server.process.wait(timeout=20) == 0

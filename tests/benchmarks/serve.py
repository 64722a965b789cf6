"""What `pocketlens serve` gives beside Classifier.predict() itself, on the same cores.

Run by hand: python tests/benchmarks/serve.py [--connections 64] [--requests 20000] [--rounds 5]

Each round has a loop of predict() on one thread, one on as many threads as there are cores, and
requests over so many connections, in turn; then single requests and predict() in turn. The client
runs on the same cores and takes its share of them.
"""

from __future__ import annotations

import argparse
import http.client
import json
import selectors
import socket
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from builders import encode
from pocketlens import load_model
from pocketlens.classifier import Classifier
from pocketlens.engine.cores import usable_cores
from pocketlens.pictures.decoding import decode
from served import Server

_EXAMPLES = Path(__file__).parents[2] / "demo" / "pocketlens_demo" / "examples"
_SIDE = 200
_SINGLE = 500
_HEAD = (
    "POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n"
)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--requests", type=int, default=20000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    model = load_model()
    pictures = small_pictures()
    expected = [json.loads(json.dumps(model.predict(each).to_dict())) for each in pictures]
    count = arguments.requests // arguments.rounds
    rates: dict[str, list[float]] = {"one thread": [], "a thread a core": [], "HTTP": []}
    seconds: list[float] = []
    with Server() as server:
        for _ in range(arguments.rounds):
            rates["one thread"].append(loop(model, pictures, count, 1))
            rates["a thread a core"].append(loop(model, pictures, count, usable_cores()))
            load = Load(server.port, pictures, expected)
            rates["HTTP"].append(load.run(arguments.connections, count))
            seconds += load.seconds
            if load.wrong:
                raise SystemExit(f"{len(load.wrong)} wrong, the first: {load.wrong[0]}")
        alone, added = latency(server.port, model, pictures)
    print(f"{_SIDE}x{_SIDE} JPEG; {arguments.rounds} rounds of {count}, all answers equal\n")
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, rate in medians.items():
        print(f"{name:<32}{rate:>10.0f} /s")
    for name in ("one thread", "a thread a core"):
        ratios = [a / b for a, b in zip(rates["HTTP"], rates[name], strict=True)]
        print(f"{'HTTP / ' + name:<32}{statistics.median(ratios):>10.2f}")
    show(f"ms, {arguments.connections} connections", seconds)
    show("ms, predict() alone", alone)
    show("ms, added by HTTP, 1 connection", added)


def small_pictures() -> list[bytes]:
    """The example photos as JPEGs of 200 x 200."""
    found = []
    for file in sorted(_EXAMPLES.glob("*.jpg")):
        pixels = decode(file.read_bytes())
        small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        found.append(encode(np.asarray(small, np.uint8), ".jpg"))
    return found


def loop(model: Classifier, pictures: list[bytes], count: int, threads: int) -> float:
    """Pictures a second of predict()."""

    def work(number: int) -> None:
        for index in range(count // threads):
            model.predict(pictures[(number + index) % len(pictures)])

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    return count / (time.perf_counter() - begun)


class Load:
    """Clients that each send the next request when they have the answer."""

    def __init__(self, port: int, pictures: list[bytes], expected: list[Any]) -> None:
        self.port = port
        self.requests = [request(picture, form=True) for picture in pictures]
        self.expected = expected
        self.seconds: list[float] = []
        self.wrong: list[str] = []

    def run(self, connections: int, count: int) -> float:
        """Requests a second."""
        selector = selectors.DefaultSelector()
        left = count
        begun = time.perf_counter()
        for number in range(connections):
            connection = socket.create_connection(("127.0.0.1", self.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            state = [number % len(self.requests), time.perf_counter(), b""]
            selector.register(connection, selectors.EVENT_READ, state)
            connection.sendall(self.requests[number % len(self.requests)])
            left -= 1
        open_connections = connections
        while open_connections:
            for key, _ in selector.select():
                connection, state = key.fileobj, key.data  # type: ignore[assignment]
                state[2] += connection.recv(65536)
                head, _, body = state[2].partition(b"\r\n\r\n")
                if not body.endswith(b"}"):
                    if not state[2]:
                        raise SystemExit("the server closed a connection")
                    continue
                self.check(state[0], head, body)
                self.seconds.append(time.perf_counter() - state[1])
                if left:
                    left -= 1
                    state[:] = (state[0] + 1) % len(self.requests), time.perf_counter(), b""
                    connection.sendall(self.requests[state[0]])
                else:
                    selector.unregister(connection)
                    connection.close()
                    open_connections -= 1
        return count / (time.perf_counter() - begun)

    def check(self, picture: int, head: bytes, body: bytes) -> None:
        """Notes what is not the answer of predict()."""
        answer = json.loads(body)
        expected = self.expected[picture]
        if not head.startswith(b"HTTP/1.1 200") or expected != {
            key: answer.get(key) for key in expected
        }:
            self.wrong.append(body.decode())


def request(picture: bytes, *, form: bool) -> bytes:
    """A request, as curl -F or --data-binary sends it."""
    kind = "image/jpeg"
    if form:
        kind = "multipart/form-data; boundary=x"
        start = 'Content-Disposition: form-data; name="file"; filename="photo.jpg"'
        picture = f"--x\r\n{start}\r\n\r\n".encode() + picture + b"\r\n--x--\r\n"
    return _HEAD.format(kind, len(picture)).encode() + picture


def latency(port: int, model: Classifier, pictures: list[bytes]) -> tuple[list[float], list[float]]:
    """Seconds of predict(), and what one connection's requests take more, in turn."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    alone, added = [], []
    for number in range(_SINGLE):
        picture = pictures[number % len(pictures)]
        begun = time.perf_counter()
        model.predict(picture)
        middle = time.perf_counter()
        connection.request("POST", "/v1/predict", picture, {"Content-Type": "image/jpeg"})
        connection.getresponse().read()
        end = time.perf_counter()
        alone.append(middle - begun)
        added.append(end - middle - alone[-1])
    connection.close()
    return alone, added


def show(name: str, seconds: list[float]) -> None:
    """Prints a line."""
    cuts = statistics.quantiles(seconds, n=100)
    figures = "".join(f"  p{share} {1000 * cuts[share - 1]:.2f}" for share in (50, 90, 99))
    print(f"{name:<34}{figures}")


if __name__ == "__main__":
    main()

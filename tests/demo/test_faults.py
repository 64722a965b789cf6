"""What goes wrong around the page: it stays up and says what happened."""

from __future__ import annotations

import http.client
import os
import resource
import signal
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")
gradio_client = pytest.importorskip("gradio_client")
httpx = pytest.importorskip("httpx")

from served_page import Page, predict

UPLOAD = "/gradio_api/upload"


@pytest.fixture
def client(page: Page, photos: list[Path]) -> Iterator[Any]:
    connected = page.connect()
    yield connected
    assert predict(connected, photos[0])["label"] == "cat"
    connected.close()


def bomb() -> bytes:
    """A PNG of 30000x30000 pixels in under a megabyte."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    side = 30_000
    size = side.to_bytes(4, "big")
    rows = zlib.compress(bytes(side * (1 + side // 8)), 9)
    header = size + size + bytes([1, 0, 0, 0, 0])
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    assert len(png) < 1_000_000
    return png


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (bomb(), "at most"),
        (b"\xff\xd8" + bytes(20_000_000), "are taken for a photo"),
    ],
    ids=("zero bytes", "bomb", "too large for a photo"),
)
def test_bad_photos(client: Any, tmp_path: Path, content: bytes, words: str) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(content)
    with pytest.raises(gradio_client.exceptions.AppError, match=words):
        predict(client, photo)


def test_uploads_over_the_limit(client: Any, page: Page) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for length, path in ((600_000_000, UPLOAD), (20_000_000, "/gradio_api/queue/join")):
        connection = http.client.HTTPConnection("127.0.0.1", page.port)
        connection.request("POST", path, headers={"Content-Length": str(length)})
        with connection.getresponse() as answer:
            assert answer.status == 413
            assert f"{length:,} bytes at once, at most" in answer.read().decode()
        connection.close()
    chunks = iter([b"--x\r\n"])
    chunked = httpx.post(page.url + UPLOAD, content=chunks, headers=form)
    assert chunked.status_code == 411
    assert "Content-Length" in chunked.json()["detail"]


def test_clients_that_go_away(client: Any, page: Page, photos: list[Path]) -> None:
    content = photos[0].read_bytes()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", page.port)) as connection:
            head = (
                f"POST {UPLOAD} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000000\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
                'Content-Disposition: form-data; name="files"; filename="x.jpg"\r\n\r\n'
            )
            connection.sendall(head.encode() + content)
        # One that asks and does not wait for the answer.
        uploaded = httpx.post(page.url + UPLOAD, files={"files": content}).json()[0]
        data = {"data": [{"path": uploaded, "meta": {"_type": "gradio.FileData"}}]}
        event = httpx.post(f"{page.url}/gradio_api/call/predict", json=data).json()["event_id"]
        with httpx.stream("GET", f"{page.url}/gradio_api/call/predict/{event}"):
            pass


def test_no_room_for_files(tmp_path: Path, photos: list[Path]) -> None:
    def few_bytes() -> None:
        # Root may write to any folder, but no file may grow beyond this.
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    page = Page(preexec_fn=few_bytes)
    client = page.connect()
    try:
        answer = httpx.post(page.url + UPLOAD, files={"files": os.urandom(400_000)})
        assert answer.status_code == 507
        assert "cannot store the upload" in answer.json()["detail"]
        assert predict(client, photos[0])["label"] == "cat"
    finally:
        client.close()
        page.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stops_with_requests_in_flight(
    photos: list[Path], tmp_path: Path, number: signal.Signals
) -> None:
    page = Page(env=os.environ | {"GRADIO_TEMP_DIR": str(tmp_path / "uploads")})
    try:
        with photos[0].open("rb") as photo:
            uploaded = httpx.post(page.url + UPLOAD, files={"files": photo}).json()[0]
        file = {"path": uploaded, "meta": {"_type": "gradio.FileData"}}
        endpoint = f"{page.url}/gradio_api/call/"
        events = {
            name: httpx.post(endpoint + name, json={"data": [data]}).json()["event_id"]
            for name, data in (("predict_many", [file] * 900), ("predict", file))
        }
        with httpx.stream("GET", f"{endpoint}predict/{events['predict']}", timeout=20) as answer:
            begun = time.monotonic()
            page.process.send_signal(number)
            assert '"label": "cat"' in answer.read().decode()
        assert page.process.wait(timeout=20) == 128 + number
        assert time.monotonic() - begun < 5
        assert list((tmp_path / "uploads").iterdir()) == []
    finally:
        assert "Traceback" not in page.close()

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pocketlens
from builders import encode, plain
from pocketlens.cli import main

gradio_client = pytest.importorskip("gradio_client")
pytest.importorskip("gradio")

from served_page import Page, predict


@pytest.fixture(scope="module")
def client(page: Page) -> Iterator[Any]:
    connected = page.connect()
    yield connected
    connected.close()


def fields(prediction: pocketlens.Prediction) -> dict[str, Any]:
    names = ("label", "score", "scores", "rejected", "familiarity")
    return {name: getattr(prediction, name) for name in names}


def test_endpoint_answers_as_predict_does(client: Any, photos: list[Path]) -> None:
    model = pocketlens.load_model()
    answers = [predict(client, photo) for photo in photos]
    assert answers == [fields(model.predict(photo)) for photo in photos]
    assert [answer["rejected"] for answer in answers].count(True) == 1


def test_many_photos_and_a_zip(client: Any, photos: list[Path], tmp_path: Path) -> None:
    model = pocketlens.load_model()
    bad = tmp_path / "text.jpg"
    bad.write_bytes(b"no picture")
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for photo in photos[1:]:
            file.write(photo, f"folder/{photo.name}")
        file.writestr("__MACOSX/folder/._x.jpg", b"")
        file.writestr("folder/notes.txt", b"no picture")
    sent = [photos[0], bad, archive]
    files = [gradio_client.handle_file(str(path)) for path in sent]
    rows = client.predict(files, api_name="/predict_many")
    assert [row.pop("file") for row in rows] == [
        photos[0].name,
        "text.jpg",
        *(f"folder/{photo.name}" for photo in photos[1:]),
    ]
    assert "expected" in rows.pop(1)["error"]
    assert rows == [fields(model.predict(photo)) for photo in photos]


def test_bad_upload_is_an_error_and_the_page_goes_on(client: Any, tmp_path: Path) -> None:
    for name, content in (("text.jpg", b"no picture"), ("empty.jpg", b"")):
        bad = tmp_path / name
        bad.write_bytes(content)
        with pytest.raises(gradio_client.exceptions.AppError) as caught:
            predict(client, bad)
        assert "expected" in str(caught.value)
    good = tmp_path / "good.png"
    good.write_bytes(encode(plain(9, 9, 9)))
    assert predict(client, good)["label"] in ("cat", "dog")


def test_two_endpoints_are_public(client: Any) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert list(endpoints["named_endpoints"]) == ["/predict", "/predict_many"]
    assert endpoints["unnamed_endpoints"] == {}


def test_page_has_no_tensorflow_in_its_process(page: Page) -> None:
    maps = Path(f"/proc/{page.process.pid}/maps")
    if not maps.exists():
        pytest.skip("this system has no /proc")
    loaded = maps.read_text()
    assert "onnxruntime" in loaded
    assert "tensorflow" not in loaded


def test_an_idle_page_sleeps(page: Page) -> None:
    tasks = Path(f"/proc/{page.process.pid}/task")
    if not tasks.exists():
        pytest.skip("this system has no /proc")

    def wakes() -> int:
        lines = "".join((task / "status").read_text() for task in tasks.iterdir()).splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))

    for _ in range(20):
        before = wakes()
        time.sleep(0.3)
        if wakes() - before < 40:
            return
    pytest.fail("looks for events a thousand times a second")


def test_problems_are_said_before_the_port_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text"
    text.write_text("no certificate")
    for options, words in (
        (["--model", str(tmp_path / "missing.onnx")], "missing.onnx: no such file"),
        (["--model", str(text)], "text: "),
        (["--collect", str(text)], "cannot be written"),
        (["--ssl-certfile", str(text), "--ssl-keyfile", str(text)], "no certificate and its key"),
    ):
        assert main(["demo", *options]) == 1
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1


def test_wrong_options(capsys: pytest.CaptureFixture[str]) -> None:
    for options, words in (
        (["--auth", "ann"], "expected USER"),
        (["--auth", "ann:"], "expected USER"),
        (["--ssl-certfile", "c.pem"], "go together"),
        (["--host", ""], "expected an address"),
        (["--collect", ""], "expected a path"),
        (["--port", "0"], "expected a port"),
    ):
        with pytest.raises(SystemExit) as caught:
            main(["demo", *options])
        assert caught.value.code == 2
        assert words in capsys.readouterr().err


def test_port_in_use_is_one_line(page: Page) -> None:
    script = Path(sys.executable).with_name("pocketlens")
    done = subprocess.run(
        [script, "demo", "--port", str(page.port)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1 port {page.port} (Address already in use" in done.stderr


def test_many_clients_at_once(photos: list[Path]) -> None:
    script = Path(__file__).parents[1] / "benchmarks" / "load.py"
    command = [sys.executable, str(script), *map(str, photos), "--clients", "16", "--requests", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "errors              0; other answers 0" in done.stdout

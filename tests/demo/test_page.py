from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import pocketlens
from builders import encode, plain
from pocketlens.cli import main

gradio_client = pytest.importorskip("gradio_client")
pytest.importorskip("gradio")

from served_page import Page


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    running = Page()
    yield running
    running.close()


def test_page_answers_as_predict_does(page: Page, photos: list[Path]) -> None:
    model = pocketlens.load_model()
    rejected = 0
    for photo in photos:
        answer, familiarity, time_taken = page.ask(photo)
        expected = model.predict(photo)
        assert expected.familiarity is not None
        assert familiarity.startswith(f"{expected.familiarity:.0%} of known pictures")
        assert time_taken.endswith(" ms on CPUExecutionProvider")
        if expected.rejected:
            rejected += 1
            assert answer["label"] == "neither"
            assert f"If it must be one of them: {expected.label} " in familiarity
        else:
            assert answer["label"] == expected.label
            got = {row["label"]: row["confidence"] for row in answer["confidences"]}
            assert got == pytest.approx(expected.scores, abs=1e-6)
    assert rejected == 1


def test_bad_upload_is_an_error_and_the_page_goes_on(page: Page, tmp_path: Path) -> None:
    for name, content in (("text.jpg", b"no picture"), ("empty.jpg", b"")):
        bad = tmp_path / name
        bad.write_bytes(content)
        with pytest.raises(gradio_client.exceptions.AppError) as caught:
            page.ask(bad)
        assert "expected" in str(caught.value)
    good = tmp_path / "good.png"
    good.write_bytes(encode(plain(9, 9, 9)))
    assert page.ask(good)[0]["label"] in ("cat", "dog", "neither")


def test_only_uploads_are_read(page: Page, photos: list[Path]) -> None:
    # Not through the client, which would upload the file first.
    call = f"http://127.0.0.1:{page.port}/gradio_api/call/predict"
    local, meta = str(photos[0].resolve()), {"_type": "gradio.FileData"}
    for upload in (
        {"path": local, "meta": meta},
        {"path": local},
        {"path": "/dev/zero"},
        {"path": "http://example.invalid/cat.jpg", "meta": meta},
        {"path": "http://example.invalid/cat.jpg"},
        {"url": "http://example.invalid/cat.jpg", "meta": meta},
        {"url": "http://example.invalid/cat.jpg"},
        {"path": None},
        {},
    ):
        body = json.dumps({"data": [upload]}).encode()
        request = urllib.request.Request(call, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as response:
            event = json.load(response)["event_id"]
        with urllib.request.urlopen(f"{call}/{event}", timeout=20) as response:
            assert response.read().decode().startswith("event: error"), upload


def test_only_predict_is_public(page: Page) -> None:
    endpoints = page.client.view_api(return_format="dict", print_info=False)
    assert list(endpoints["named_endpoints"]) == ["/predict"]
    assert endpoints["unnamed_endpoints"] == {}


def test_page_has_no_tensorflow_in_its_process(page: Page) -> None:
    maps = Path(f"/proc/{page.process.pid}/maps")
    if not maps.exists():
        pytest.skip("this system has no /proc")
    loaded = maps.read_text()
    assert "onnxruntime" in loaded
    assert "tensorflow" not in loaded


def test_model_problem_is_said_before_the_port_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--model", str(tmp_path / "missing.onnx")]) == 1
    assert "missing.onnx: no such file" in capsys.readouterr().err


def test_port_in_use_is_one_line(page: Page) -> None:
    script = Path(sys.executable).with_name("pocketlens")
    done = subprocess.run(
        [script, "demo", "--port", str(page.port)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1 port {page.port} (Address already in use" in done.stderr

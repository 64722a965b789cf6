from __future__ import annotations

import os
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest

import pocketlens
from pocketlens.cli import main
from pocketlens.loading import BUNDLED_MODEL

pytest.importorskip("gradio")
gradio_client = pytest.importorskip("gradio_client")
httpx = pytest.importorskip("httpx")

from served_page import Page, predict


def test_visitors_must_log_in(photos: list[Path]) -> None:
    page = Page("--auth", "ann:se:cret")
    try:
        for path in ("/config", "/gradio_api/info", "/gradio_api/queue/data?session_hash=a"):
            assert httpx.get(page.url + path).status_code == 401
        for path in ("upload", "call/predict", "queue/join"):
            answer = httpx.post(f"{page.url}/gradio_api/{path}", json={"data": []})
            assert answer.status_code == 401
        photo = photos[0].read_bytes()
        own = (("POST", "answer"), ("GET", "examples/0?side=9"), ("GET", "models/0"))
        for cookie in ({}, {"access-token-unsecure": "guess"}):
            for method, path in own:
                asked = httpx.request(
                    method,
                    f"{page.url}/page/{path}",
                    content=photo if method == "POST" else None,
                    cookies=cookie,
                )
                assert asked.status_code == 401
        wrong = {"username": "ann", "password": "se"}
        assert httpx.post(f"{page.url}/login", data=wrong).status_code == 400
        with httpx.Client(base_url=page.url) as web:
            web.post("/login", data={"username": "ann", "password": "se:cret"})
            assert web.post("/page/answer", content=photo).json()["label"] == "cat"
            for _, path in own[1:]:
                assert web.get(f"/page/{path}").status_code == 200
        assert "Cats and dogs" in httpx.get(page.url).text
        client = page.connect(auth=("ann", "se:cret"))
        assert predict(client, photos[0])["label"] == "cat"
        client.close()
        guesses = [httpx.post(f"{page.url}/login", data=wrong).status_code for _ in range(6)]
        assert guesses == [400] * 4 + [429] * 2
    finally:
        assert "se:cret" not in page.close()


def test_https(photos: list[Path], tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    options = ["--ssl-certfile", str(tmp_path / "cert.pem")]
    options += ["--ssl-keyfile", str(tmp_path / "key.pem")]
    page = Page(*options, scheme="https")
    try:
        client = page.connect(ssl_verify=trusting)
        assert predict(client, photos[0])["label"] == "cat"
        client.close()
    finally:
        page.close()


def test_environment_of_proxies_and_without_path() -> None:
    nowhere = {name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY")}
    for name in ("NO_PROXY", "no_proxy"):
        nowhere[name] = ""
    without_path = {name: value for name, value in os.environ.items() if name != "PATH"}
    Page(env=without_path | nowhere).close()


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spaces") / "new" / "space"
    assert main(["demo", "--space", str(folder)]) == 0
    return folder


def test_space_is_the_same_page(space: Path, photos: list[Path]) -> None:
    names = sorted(path.name for path in space.iterdir())
    assert names == sorted(
        [
            "README.md",
            "app.py",
            BUNDLED_MODEL.name,
            "pocketlens",
            "pocketlens_demo",
            "requirements.txt",
        ]
    )
    assert not list(space.rglob("__pyinstaller"))
    header = (space / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    assert "sdk: gradio\n" in header
    assert "app_file: app.py\n" in header
    required = (space / "requirements.txt").read_text()
    assert all(f"{name}==" in required for name in ("numpy", "onnxruntime", "gradio"))
    page = Page(command=[sys.executable, str(space / "app.py")])
    client = page.connect()
    try:
        expected = pocketlens.load_model().predict(photos[0])
        assert predict(client, photos[0])["scores"] == expected.scores
    finally:
        client.close()
        page.close()


def test_space_is_not_written_over(space: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--space", str(space)]) == 1
    assert "exists already, expected a new folder" in capsys.readouterr().err
    assert main(["demo", "--model", "missing.onnx", "--space", str(space.parent / "other")]) == 1
    assert not (space.parent / "other").exists()
    assert [path.name for path in space.parent.iterdir()] == ["space"]


def test_a_page_of_another_path(photos: list[Path]) -> None:
    from reverse_proxy import reverse_proxy

    page = Page(env=os.environ | {"GRADIO_ROOT_PATH": "/pictures"})
    try:
        with reverse_proxy(page.url, "/pictures") as url:
            client: Any = gradio_client.Client(url, verbose=False)
            assert predict(client, photos[0])["label"] == "cat"
            client.close()
    finally:
        page.close()

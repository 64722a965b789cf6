"""The routes for programs on the page's own server."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

import pocketlens
from served_page import Page


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    page = Page("--auth", "ann:secret")
    yield page
    page.close()


def ask(
    page: Page, path: str, headers: dict[str, str], data: bytes | None = None
) -> tuple[int, Any]:
    request = urllib.request.Request(f"{page.url}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def basic(password: str) -> str:
    return f"Basic {base64.b64encode(f'ann:{password}'.encode()).decode()}"


def test_one_request_gives_the_answer(page: Page, photos: list[Path]) -> None:
    headers = {"Authorization": basic("secret"), "Content-Type": "image/jpeg"}
    photo = next(each for each in photos if each.suffix == ".jpg")
    status, answer = ask(page, "/v1/predict", headers, photo.read_bytes())
    assert status == 200
    expected = pocketlens.load_model().predict(photo)
    assert answer["label"] == expected.label
    assert answer["scores"] == pytest.approx(expected.scores, abs=1e-6)
    assert answer["model"] in str(ask(page, "/v1/models", headers)[1])
    assert ask(page, "/v1/predict", headers, b"no picture")[0] == 415


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/models", "/v2/models/x/infer", "/healthz"])
def test_who_has_no_password_gets_no_answer(path: str, page: Page) -> None:
    data = b"1" if path.endswith(("predict", "infer")) else None
    assert ask(page, path, {}, data)[0] == 401


def test_other_sites_and_large_bodies_are_refused(page: Page) -> None:
    headers = {"Authorization": basic("secret")}
    assert ask(page, "/v1/models", headers | {"Origin": "http://evil.example"})[0] == 403
    status, problem = ask(page, "/v1/predict", headers | {"Content-Length": "999999999"}, b"1")
    assert status == 413
    assert problem["detail"] == "999,999,999 bytes at once, at most 100,000,000 are taken"


def test_bad_requests_are_no_guesses(page: Page) -> None:
    headers = {"Authorization": basic("secret"), "Content-Type": "multipart/form-data"}
    assert [ask(page, "/v1/predict", headers, b"x")[0] for _ in range(7)] == [400] * 7


def test_guesses_of_the_password_must_wait(page: Page) -> None:
    got = [ask(page, "/v1/models", {"Authorization": basic(str(guess))})[0] for guess in range(8)]
    assert got == [401] * 5 + [429] * 3

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pocketlens.cli import main
from pocketlens.errors import FileError
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_web.onnxruntime_web import read_runtime
from pocketlens_web.page import FOLDER

ORIGIN = "http://page.test/"
READY = "html[data-ready], #alarm:not([hidden])"
_DECODE = """async ([data, recipe]) => {
    const { decode } = await import("/picture.js");
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const pixels = await decode(new Blob([bytes]), recipe).catch((error) => error.message);
    if (typeof pixels === "string") return pixels;
    const parts = [];
    for (let place = 0; place < pixels.data.length; place += 8192)
        parts.push(String.fromCharCode(...pixels.data.subarray(place, place + 8192)));
    return [pixels.height, pixels.width, btoa(parts.join(""))];
}"""
_INPUT = """async ([data, height, width, recipe]) => {
    const { networkInput } = await import("/recipe.js");
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    return [...networkInput({ data: bytes, height, width }, recipe)];
}"""
FULL = Preprocessing((8, 8), "rgb", decode="full")


@pytest.fixture(scope="session", autouse=True)
def runtime_is_there() -> None:
    try:
        read_runtime(None)
    except FileError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def make_page(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The page of a model, by the command line."""

    def make(*model: str) -> Path:
        file = tmp_path_factory.mktemp("web") / "page.html"
        assert main(["web", *model, "--out", str(file)]) == 0
        return file

    return make


@pytest.fixture(scope="session")
def page_file(make_page: Callable[..., Path]) -> Path:
    """The bundled model's page."""
    return make_page()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page from disk, without network, and waits until it is ready or says why not."""
    contexts = []

    def opened(file: Path, **settings: Any) -> Any:
        contexts.append(browser.new_context(offline=True, **settings))
        tab = contexts[-1].new_page()
        tab.asked, tab.problems = [], []
        tab.on("request", lambda request: tab.asked.append(request.url))
        tab.on("pageerror", lambda error: tab.problems.append(str(error)))
        tab.on("console", lambda said: tab.problems.append(said.text))
        tab.goto(file.as_uri())
        tab.wait_for_selector(READY, state="attached")
        return tab

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def tab(open_page: Callable[..., Any], page_file: Path) -> Any:
    return open_page(page_file)


class Modules:
    """The page's modules, one by one, in a browser."""

    def __init__(self, tab: Any) -> None:
        self.tab = tab
        tab.route(f"{ORIGIN}**", self._answer)
        tab.goto(ORIGIN)

    def _answer(self, route: Any) -> None:
        name = route.request.url.removeprefix(ORIGIN)
        if name.endswith(".js"):
            text = (FOLDER / name).read_text(encoding="utf-8")
            route.fulfill(body=text, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    def decode(self, picture: bytes, recipe: Preprocessing = FULL) -> Any:
        """RGB pixels, or why there are none."""
        data = base64.b64encode(picture).decode()
        found = self.tab.evaluate(_DECODE, [data, recipe.to_dict()])
        if isinstance(found, str):
            return found
        height, width, pixels = found
        content = np.frombuffer(base64.b64decode(pixels), np.uint8)
        return content.reshape(height, width, 4)[..., :3]

    def network_input(self, pixels: Any, recipe: Preprocessing) -> Any:
        height, width = pixels.shape[:2]
        opaque = np.full((height, width, 1), 255, np.uint8)
        data = base64.b64encode(np.dstack([pixels, opaque]).tobytes()).decode()
        found = self.tab.evaluate(_INPUT, [data, height, width, recipe.to_dict()])
        return np.reshape(found, recipe.input_shape)

    def evaluate(self, code: str, argument: Any = None) -> Any:
        return self.tab.evaluate(code, argument)


@pytest.fixture(scope="session")
def modules(browser: Any) -> Iterator[Modules]:
    context = browser.new_context()
    yield Modules(context.new_page())
    context.close()

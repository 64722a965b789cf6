from __future__ import annotations

import base64
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firefox import evaluate, started
from pocketlens.cli import main
from pocketlens.errors import FileError
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_web.onnxruntime_web import read_runtime
from pocketlens_web.page import FOLDER

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

    def __init__(self, name: str, evaluate: Callable[..., Any]) -> None:
        self.name = name
        self.evaluate = evaluate

    def decode(self, picture: bytes, recipe: Preprocessing = FULL) -> Any:
        """RGB pixels, or why there are none."""
        data = base64.b64encode(picture).decode()
        found = self.evaluate(_DECODE, [data, recipe.to_dict()])
        if isinstance(found, str):
            return found
        height, width, pixels = found
        content = np.frombuffer(base64.b64decode(pixels), np.uint8)
        return content.reshape(height, width, 4)[..., :3]

    def network_input(self, pixels: Any, recipe: Preprocessing) -> Any:
        height, width = pixels.shape[:2]
        opaque = np.full((height, width, 1), 255, np.uint8)
        data = base64.b64encode(np.dstack([pixels, opaque]).tobytes()).decode()
        found = self.evaluate(_INPUT, [data, height, width, recipe.to_dict()])
        return np.reshape(found, recipe.input_shape)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *about: Any) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Its address while a server shows it."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture(scope="session")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with started(tmp_path_factory.mktemp("profile")) as session:
        yield session


@pytest.fixture(scope="session", params=["chromium", "firefox"])
def modules(request: pytest.FixtureRequest) -> Iterator[Modules]:
    with served(FOLDER) as address:
        # Any text will do: a page of that origin is all that is needed.
        if request.param == "firefox":
            session = request.getfixturevalue("firefox")
            session.navigate(f"{address}style.css")
            yield Modules(request.param, functools.partial(evaluate, session))
        else:
            context = request.getfixturevalue("browser").new_context()
            tab = context.new_page()
            tab.goto(f"{address}style.css")
            yield Modules(request.param, tab.evaluate)
            context.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web") / "site"
    assert main(["web", "--folder", str(folder)]) == 0
    return folder


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    with served(site) as found:
        yield found

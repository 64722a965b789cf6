from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def page() -> Iterator[Any]:
    """The page as it is without options, for all tests: none may leave it otherwise."""
    pytest.importorskip("gradio")
    from served_page import Page

    running = Page()
    yield running
    running.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page in a new profile; in the end nothing may have gone wrong in the browser."""
    contexts, problems, asked = [], [], []

    def note(said: Any) -> None:
        # Behind a proxy's path, the browser asks the proxy itself for its icon.
        if said.type == "error" and not said.location["url"].endswith("/favicon.ico"):
            problems.append(f"{said.text} {said.location}")

    def _visit(page: Any, **context: Any) -> Any:
        contexts.append(browser.new_context(permissions=["camera"], **context))
        contexts[-1].set_default_timeout(10_000)
        tab = contexts[-1].new_page()
        tab.on("console", note)
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("request", lambda request: asked.append((page.url, request.url)))
        tab.goto(page.url)
        tab.get_by_role("tab", name="Photo").wait_for()
        return tab

    yield _visit
    for context in contexts:
        context.close()
    assert problems == []
    own = ("data:", "blob:")
    assert [url for base, url in asked if not url.startswith((base, *own))] == []
    assert asked

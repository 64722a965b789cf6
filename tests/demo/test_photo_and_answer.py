"""Beside a photo stands its own answer or none, whatever happens to the server or is clicked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

from browsing import answer, record, show, upload, upload_many
from served_page import Page


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """Where the browser's own complaints about a server that is gone do not count."""
    context = browser.new_context(permissions=["camera"])
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def named(photos: list[Path], name: str) -> Path:
    return next(photo for photo in photos if photo.stem == f"pexels_{name}")


def test_after_the_server_was_down(tab: Any, photos: list[Path]) -> None:
    first = Page()
    tab.goto(first.url)
    upload(tab, named(photos, "dog"))
    shown = answer(tab, "dog")
    first.kill()
    upload(tab, named(photos, "cat"))
    shown.wait_for(state="hidden")
    with tab.expect_navigation():
        second = Page(port=first.port)
    upload(tab, named(photos, "coffee"))
    shown = answer(tab, "neither")
    show(tab, "Live")
    record(tab)
    second.kill()
    tab.locator("#live-answer p").wait_for(state="hidden")
    tab.get_by_text("Connection to the server was lost").wait_for()
    # Once it knows that the server is gone, Gradio runs no event at all.
    show(tab, "Photo")
    assert shown.is_visible()
    upload(tab, named(photos, "cat"))
    shown.wait_for(state="hidden")


def test_a_photo_that_cannot_be_read(
    page: Page, tab: Any, photos: list[Path], tmp_path: Path
) -> None:
    tab.goto(page.url)
    upload(tab, named(photos, "dog"))
    shown = answer(tab, "dog")
    asked = []
    tab.on("request", lambda request: asked.append(request.post_data or ""))
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photos[0].read_bytes()[:2000])
    upload(tab, broken)
    tab.get_by_text("cut off").first.wait_for()
    assert not shown.is_visible()
    assert sum(broken.name in body and "fn_index" in body for body in asked) == 1
    assert tab.get_by_text("cut off").count() == 1


def test_a_click_right_after_the_upload(page: Page, browser: Any, photos: list[Path]) -> None:
    tabs = [browser.new_page() for _ in range(2)]
    for tab in tabs:
        tab.set_default_timeout(10_000)
        tab.goto(page.url)
        show(tab, "Many")
    for turn in range(6):
        some = photos[: 1 + turn % len(photos)]
        for tab in tabs:
            upload_many(tab, some)
            if turn % 2:
                tab.locator(".file-preview tr").first.wait_for()
            tab.get_by_role("button", name="Classify").click()
        for tab in tabs:
            summary = tab.locator("#summary").filter(has_text=f"{len(some)} photo")
            summary.wait_for()
            tab.get_by_label("Clear").click()
            summary.wait_for(state="detached")
    for tab in tabs:
        tab.close()


def test_a_click_right_after_a_stop(page: Page, tab: Any, photos: list[Path]) -> None:
    tab.goto(page.url)
    show(tab, "Many")
    upload_many(tab, photos)
    for _ in range(3):
        tab.get_by_role("button", name="Stop").click()
        tab.get_by_role("button", name="Classify").click()
        tab.get_by_text(f"{len(photos)} photos: ").wait_for()

"""Beside a photo stands its own answer or none, whatever happens to the server or is clicked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

from browsing import answer, many, record, show, upload, upload_many
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
    tab.locator(".photo .card.error").filter(has_text="The server does not answer").wait_for()
    second = Page(port=first.port)
    upload(tab, named(photos, "coffee"))
    shown = answer(tab, "neither")
    show(tab, "Live")
    record(tab)
    second.kill()
    tab.locator("#live .answer").wait_for(state="hidden")
    tab.get_by_text("The server does not answer").first.wait_for()
    show(tab, "Photo")
    assert shown.is_visible()
    upload(tab, named(photos, "cat"))
    shown.wait_for(state="hidden")


def test_the_answer_of_the_latest_photo(page: Page, tab: Any, photos: list[Path]) -> None:
    # The answer for the first photo comes after that for the second.
    waiting: list[Any] = []
    first = named(photos, "dog").read_bytes()

    def hold(route: Any) -> None:
        if not waiting and route.request.post_data_buffer == first:
            waiting.append(route)
        else:
            route.continue_()

    tab.route("**/page/answer*", hold)
    tab.goto(page.url)
    upload(tab, named(photos, "dog"))
    tab.locator(".photo[data-state=waiting]").wait_for()
    upload(tab, named(photos, "cat"))
    answer(tab, "cat")
    with tab.expect_response("**/page/answer*"):
        waiting[0].continue_()
    tab.evaluate("new Promise((next) => setTimeout(next))")
    assert tab.locator(".photo .headline span").all_inner_texts() == ["cat"]


def test_a_photo_that_cannot_be_read(
    page: Page, tab: Any, photos: list[Path], tmp_path: Path
) -> None:
    tab.goto(page.url)
    upload(tab, named(photos, "dog"))
    shown = answer(tab, "dog")
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photos[0].read_bytes()[:2000])
    upload(tab, broken)
    tab.locator(".photo .card.error").filter(has_text="cut off").wait_for()
    assert not shown.is_visible()
    assert sum("/page/answer" in url for url in asked) == 1
    assert tab.get_by_text("cut off").count() == 1
    # The reason stays until the next photo.
    upload(tab, named(photos, "cat"))
    answer(tab, "cat")
    assert tab.get_by_text("cut off").count() == 0


def test_dropping_again_and_again(page: Page, browser: Any, photos: list[Path]) -> None:
    tabs = [browser.new_page() for _ in range(2)]
    for tab in tabs:
        tab.set_default_timeout(10_000)
        tab.goto(page.url)
        show(tab, "Many")
    for turn in range(4):
        some = photos[: 1 + turn]
        for tab in tabs:
            # The second drop stops the first one.
            upload_many(tab, photos)
            upload_many(tab, some)
        for tab in tabs:
            many(tab, f"{len(some)} photo")
            assert tab.locator(".results .tile").count() == len(some)
    for tab in tabs:
        tab.close()


def test_dropping_right_after_a_stop(page: Page, tab: Any, photos: list[Path]) -> None:
    tab.goto(page.url)
    show(tab, "Many")
    for _ in range(3):
        upload_many(tab, photos)
        # It may be done by now.
        tab.evaluate("document.querySelector('.running button').click()")
        upload_many(tab, photos)
        many(tab, f"{len(photos)} photos")
        assert tab.locator(".results .tile").count() == len(photos)

"""Contrast, names and sizes of what the page shows, in both themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

from browsing import answer, many, show, upload, upload_many
from served_page import Page

TOUCH = 44
SMALL = """
() => [...document.querySelectorAll("button, a, select, summary, input[type=range]")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  // Gradio's copies of the tabs, to measure them.
  .filter((node) => !node.matches("button[tabindex='-1']:not([role])"))
  .filter((node) => node.getBoundingClientRect().width)
  .filter((node) => node.getBoundingClientRect().height < %d)
  .map((node) => node.outerHTML.slice(0, 100))
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    running = Page("--collect", str(tmp_path_factory.mktemp("kept")), "--host", "0.0.0.0")
    yield running
    running.close()


def check(tab: Any) -> None:
    tab.wait_for_timeout(200)  # colours change slowly
    found = axe.Axe().run(tab).response["violations"]
    serious = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert tab.evaluate(SMALL % TOUCH) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_visitor_sees(
    page: Page, visit: Callable[..., Any], photos: list[Path], tmp_path: Path, scheme: str
) -> None:
    size = {"width": 390, "height": 844}
    tab = visit(page, viewport=size, is_mobile=True, has_touch=True, color_scheme=scheme)
    check(tab)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    by_name = {photo.stem: photo for photo in photos}
    states = [(by_name["pexels_dog"], "dog"), (by_name["pexels_coffee"], "neither")]
    for photo, words in [*states, (broken, "No answer")]:
        upload(tab, photo)
        answer(tab, words)
        check(tab)
    tab.get_by_text("On your phone").click()
    tab.get_by_role("img", name="QR code of").wait_for()
    show(tab, "Live")
    check(tab)
    show(tab, "Many")
    check(tab)
    upload_many(tab, [*photos, broken])
    many(tab, "6 photos")
    tab.get_by_text("Where neither begins").click()
    check(tab)
    tab.locator(".results .tile").first.click()
    tab.locator(".large .layer").wait_for()
    check(tab)
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name="Table").click()
    check(tab)
    show(tab, "API")
    check(tab)
    show(tab, "Model")
    tab.get_by_text("Download the model").wait_for()
    for details in tab.locator(".about summary").all():
        details.click()
    check(tab)

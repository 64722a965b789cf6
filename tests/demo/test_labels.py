"""Any label on every tab."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import stub_model
from builders import described
from pocketlens.names import cut, listed

pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

from browsing import answer, many, show, upload, upload_many
from served_page import Page

ODD = (
    "<img src=x onerror=alert(1)>",
    "shown",
    "class",
    "1",
    "1.0",
    "=1+1",
    "$x$",
    "$$y$$",
    "<b>bold</b>",
    "猫",
    "🐶",
    "n" * 200,
    "__proto__",
    "constructor",
    "Cat",
    "cat",
    "confidences",
    "a|b",
    "${1+1}",
    "{{x}}",
    "[l](javascript:alert(1))",
    "www.example.invalid",
    "&amp;",
    "# h",
)


def test_any_label_on_every_tab(
    visit: Callable[..., Any], photos: list[Path], tmp_path: Path
) -> None:
    file = tmp_path / "odd.json"
    file.write_text(described(ODD).to_json(), encoding="utf-8")
    page = Page(command=[sys.executable, stub_model.__file__, str(file)])
    try:
        tab = visit(page)
        upload(tab, photos[0])
        answer(tab, ODD[0])
        named = tab.locator(".photo .others li span").all_text_contents()
        assert named == list(ODD[1:10])
        assert tab.locator(".chips li").all_text_contents() == [
            *(cut(label) for label in ODD[:10]),
            "14 more",
        ]
        show(tab, "Many")
        upload_many(tab, photos[:2])
        many(tab, "2 photos")
        tab.locator(".chip-row .pill").get_by_text(f"2 {ODD[0]}").wait_for()
        tab.get_by_role("button", name="Table").click()
        assert tab.locator(".results td:nth-child(2)").all_inner_texts() == [ODD[0]] * 2
        show(tab, "Model")
        drawn = tab.locator("figure svg title").all_text_contents()
        assert drawn == [cut(label) for label in ODD for _ in range(2)]
        tab.get_by_text("The whole model card").click()
        tab.get_by_text(listed(ODD)).wait_for()
    finally:
        page.close()

"""The bundled model's page in Firefox, opened from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CSS = "css selector"


@pytest.fixture
def tab(firefox: Any, page_file: Path) -> Any:
    firefox.navigate(page_file.as_uri())
    firefox.find_element(CSS, "html[data-ready]")
    return firefox


def choose(tab: Any, photo: Path, state: str) -> str:
    tab.find_element(CSS, "#photo input[type=file]").send_keys(str(photo))
    tab.find_element(CSS, f'#photo[data-state="{state}"]')
    return str(tab.find_element(CSS, "#photo .side").text)


def test_answers_and_neither(tab: Any, photos: list[Path]) -> None:
    coffee = next(photo for photo in photos if "coffee" in photo.name)
    dog = next(photo for photo in photos if photo.stem == "pexels_dog")
    assert choose(tab, coffee, "neither").startswith("neither")
    assert choose(tab, dog, "answered").startswith("dog")
    assert tab.find_element(CSS, "#photo .layer").rect["width"] > 100


def test_bad_file(tab: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    assert "This is no picture" in choose(tab, bad, "error")


def test_selftest_passes(tab: Any) -> None:
    tab.find_element(CSS, "#model .checks li:nth-child(4):not(.failed)")
    tab.find_element(CSS, "#tab-model").click()
    assert tab.find_element(CSS, "#selftest").text.startswith("Passed")


def test_live(tab: Any) -> None:
    tab.find_element(CSS, "#tab-live").click()
    tab.find_element(CSS, "#live .button").click()
    tab.find_element(CSS, "#live .answer:not([hidden])")
    tab.find_element(CSS, "#live .button").click()
    tab.find_element(CSS, '#live[data-state="off"]')


def test_nothing_can_be_sent(tab: Any) -> None:
    send = "return fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)"
    assert tab.execute_script(send, sandbox=None) == "TypeError"

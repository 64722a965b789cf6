"""The page in a real browser: what a visitor does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


def show(tab: Any, name: str) -> None:
    tab.get_by_role("tab", name=name, exact=True).click()


def upload(tab: Any, photo: Path) -> None:
    if tab.get_by_label("Remove Image").count():
        tab.get_by_label("Remove Image").first.click()
    tab.locator("input[type=file]").first.set_input_files(str(photo))


def answer(tab: Any, label: str) -> Any:
    found = tab.get_by_test_id("label-output-value").filter(has_text=label)
    found.wait_for()
    return found


def upload_many(tab: Any, photos: list[Path]) -> None:
    tab.locator("input[type=file][multiple]").first.set_input_files([str(path) for path in photos])


def record(tab: Any) -> None:
    """Begins a recording on Live and waits for its first answer."""
    tab.locator("#live").get_by_text("Click to Access Webcam").click()
    tab.get_by_label("capture photo").filter(has_text="Record").click()
    tab.locator("#live-answer p").wait_for()

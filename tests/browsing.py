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
    tab.get_by_label("Choose a photo").set_input_files(str(photo))


def answer(tab: Any, label: str) -> Any:
    """The headline of the answer, once it is there."""
    found = tab.locator(".photo .headline span").filter(has_text=label)
    found.first.wait_for()
    return found.first


def upload_many(tab: Any, photos: list[Path]) -> None:
    tab.get_by_label("Choose photos or zip files").set_input_files([str(path) for path in photos])


def many(tab: Any, words: str) -> None:
    """Waits until all of them are answered, and these words are said of it."""
    tab.locator(".many[data-state=done] .said").filter(has_text=words).wait_for()


def record(tab: Any) -> None:
    """Turns the camera of Live on and waits for its first answer."""
    tab.locator("#live").get_by_role("button", name="Start the camera").click()
    tab.locator("#live .answer").wait_for()

"""What a visitor does on a page of `pocketlens web`."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

ENDED = ", ".join(f'#photo[data-state="{state}"]' for state in ("answered", "neither", "error"))


def choose(tab: Any, photo: Path) -> str:
    """What stands beside it."""
    tab.set_input_files("#photo input[type=file]", str(photo))
    tab.wait_for_selector(ENDED)
    return str(tab.inner_text("#photo .side"))


def choose_many(tab: Any, photos: list[Path]) -> None:
    tab.click("#tab-many")
    tab.set_input_files('#many [aria-label="Choose photos"]', [str(photo) for photo in photos])
    tab.wait_for_selector('#many[data-state="done"]')


def saved_rows(tab: Any) -> list[dict[str, str]]:
    with tab.expect_download() as download:
        tab.click("text=Save as CSV")
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))

"""The page as a static site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pocketlens.cli import main


def test_works_offline_once_it_was_opened(address: str, browser: Any, photos: list[Path]) -> None:
    context = browser.new_context()
    tab = context.new_page()
    problems: list[str] = []
    tab.on("console", lambda said: problems.append(said.text))
    tab.goto(address)
    tab.locator("#offline", has_text="works offline").wait_for()
    context.set_offline(True)
    tab.reload()
    tab.wait_for_selector("html[data-ready]", state="attached")
    tab.set_input_files("#photo input[type=file]", str(photos[0]))
    tab.wait_for_selector('#photo[data-state="answered"]')
    assert problems == []
    context.close()


def test_storage_that_is_full_is_told_and_the_page_goes_on(address: str, browser: Any) -> None:
    context = browser.new_context()
    context.add_init_script(
        "navigator.serviceWorker.register = async () => { throw new Error('QuotaExceeded') }"
    )
    tab = context.new_page()
    tab.goto(address)
    tab.wait_for_selector("html[data-ready]", state="attached")
    tab.locator("#offline", has_text="its storage is full").wait_for()
    context.close()


def test_manifest_names_what_is_there(site: Path) -> None:
    manifest = json.loads((site / "manifest.webmanifest").read_text(encoding="utf-8"))
    assert manifest["name"] == "Cats and dogs"
    assert all((site / icon["src"]).is_file() for icon in manifest["icons"])
    assert manifest["start_url"] == "./"


def test_parts_of_an_earlier_site_go(site: Path, tmp_path: Path, colors_file: Path) -> None:
    folder = tmp_path / "site"
    assert main(["web", str(colors_file), "--folder", str(folder)]) == 0
    earlier = {file.name for file in (folder / "parts").iterdir()}
    assert main(["web", "--folder", str(folder)]) == 0
    later = {file.name for file in (folder / "parts").iterdir()}
    assert len(earlier) == len(later) == 3
    assert len(earlier & later) == 2  # the runtime's, which browsers need not load again


def test_folder_of_other_files_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    assert main(["web", "--folder", str(tmp_path)]) != 0
    assert "holds other files" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]

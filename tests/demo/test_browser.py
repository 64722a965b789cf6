"""The page as people use it: a real browser, and nothing that it asks of another host."""

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

import csv
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pocketlens
from builders import colors_model, encode, plain

pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

from browsing import answer, record, show, upload, upload_many
from reverse_proxy import reverse_proxy
from served_page import Page

TABS = ("Photo", "Live", "Many", "Model")
SHORT_LIVE = """
import sys
import pocketlens_demo.tabs.live as live
live.SECONDS = 3
from pocketlens.cli import main
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("collected") / "pictures"


@pytest.fixture(scope="module")
def page(collected: Path) -> Iterator[Page]:
    running = Page("--collect", str(collected))
    yield running
    running.close()


def test_photo(page: Page, visit: Callable[..., Any], photos: list[Path]) -> None:
    tab = visit(page)
    dog = next(photo for photo in photos if photo.name == "pexels_dog.jpg")
    expected = pocketlens.load_model().predict(dog)
    assert expected.familiarity is not None
    upload(tab, dog)
    answer(tab, "dog")
    familiarity = tab.get_by_label("Familiarity").input_value()
    assert familiarity.startswith(f"{expected.familiarity:.0%} of known pictures")
    time_taken = tab.get_by_label("Time taken").input_value()
    assert "decode" in time_taken
    assert "ms, CPUExecutionProvider" in time_taken
    tab.get_by_label("Show where it looked").check()
    tab.get_by_text("What speaks for dog").wait_for()
    heat_map = tab.locator("#heat-map img")
    heat_map.wait_for()
    assert heat_map.evaluate("image => image.naturalWidth") > 100
    tab.get_by_label("Show where it looked").uncheck()
    heat_map.wait_for(state="hidden")


def test_neither_from_the_examples(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page)
    coffee = tab.locator("#examples button").nth(1)
    coffee.focus()
    tab.keyboard.press("Enter")
    answer(tab, "neither")
    assert "If it must be one of them: " in tab.get_by_label("Familiarity").input_value()


def test_broken_file_is_said_and_the_page_goes_on(
    page: Page, visit: Callable[..., Any], photos: list[Path], tmp_path: Path
) -> None:
    tab = visit(page)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photos[0].read_bytes()[:2000])
    upload(tab, broken)
    tab.get_by_test_id("toast-body").filter(has_text="cut off").wait_for()
    upload(tab, photos[0])
    answer(tab, "cat")


def test_photo_from_the_camera(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page)
    tab.get_by_label("Capture from camera").click()
    tab.get_by_text("Click to Access Webcam").click()
    tab.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    tab.get_by_label("capture photo").click()
    answer(tab, "")
    assert "decode" in tab.get_by_label("Time taken").input_value()


def test_live_camera_stops_in_time(visit: Callable[..., Any]) -> None:
    page = Page(command=[sys.executable, "-c", SHORT_LIVE, "demo"])
    try:
        tab = visit(page)
        show(tab, "Live")
        record(tab)
        tab.locator("#live-answer").filter(has_text="frames a second").wait_for()
        tab.get_by_label("capture photo").filter(has_text="Stop").wait_for()
        tab.get_by_text("Click to Access Webcam").wait_for(timeout=8000)
    finally:
        page.close()


def test_many(page: Page, visit: Callable[..., Any], photos: list[Path], tmp_path: Path) -> None:
    tab = visit(page)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    show(tab, "Many")
    sent = [*photos, broken]
    upload_many(tab, sent)
    tab.locator(".file-preview tr").nth(5).wait_for()
    tab.get_by_role("button", name="Classify").click()
    tab.get_by_text("6 photos: 2 cat, 2 dog, 1 neither, 1 could not be read").wait_for()
    tab.get_by_role("gridcell", name=broken.name).first.wait_for()
    first = tab.get_by_test_id("detailed_view").or_(tab.locator(".caption-label")).first
    sure = pocketlens.load_model().predict([str(photo) for photo in photos])
    doubtful = min((one for one in sure if not one.rejected), key=lambda one: one.score)
    assert first.inner_text().endswith(photos[sure.index(doubtful)].name)
    cells = tab.get_by_role("gridcell")
    assert cells.first.inner_text().strip() == photos[0].name
    header = tab.get_by_role("columnheader", name="photo")
    header.hover()
    header.get_by_label("Open cell menu").click()
    tab.get_by_role("menuitem", name="Sort ascending").click()
    tab.wait_for_function(
        "document.querySelector('[role=gridcell]').innerText.trim() == 'broken.jpg'"
    )
    tab.get_by_placeholder("Filter...").fill("neither")
    tab.wait_for_function("document.querySelectorAll('[role=gridcell]').length == 5")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download as CSV").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [path.name for path in sent]
    assert [row["answer"] for row in rows[:5]] == [
        "neither" if expected.rejected else expected.label
        for expected in pocketlens.load_model().predict([str(photo) for photo in photos])
    ]
    assert "expected" in rows[-1]["error"]


def test_many_can_be_stopped(page: Page, visit: Callable[..., Any], tmp_path: Path) -> None:
    tab = visit(page)
    slow = encode(plain(9, 9, 9, (2000, 3000)))
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(900):
            file.writestr(f"{number}.png", slow)
    show(tab, "Many")
    upload_many(tab, [archive])
    tab.locator(".file-preview tr").wait_for()
    tab.get_by_role("button", name="Classify").click()
    bar = tab.get_by_role("progressbar", name="Progress")
    bar.wait_for()
    assert 0 < bar.evaluate("bar => bar.value") < 900
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Stopped.").wait_for()
    tab.wait_for_timeout(4000)
    assert tab.locator("#summary").inner_text().strip() == "Stopped."


def test_that_is_wrong(
    page: Page, visit: Callable[..., Any], photos: list[Path], collected: Path
) -> None:
    tab = visit(page)
    upload(tab, photos[0])
    answer(tab, "cat")
    tab.get_by_role("button", name="That's wrong").click()
    tab.get_by_label("What does it show?").click()
    tab.get_by_role("option", name="dog").click()
    tab.get_by_text("Kept as dog").wait_for()
    assert len(list(collected.glob("dog/*.jpg"))) == 1
    assert list(collected.glob("cat/*")) == []
    tab.get_by_role("button", name="That's wrong").click()
    tab.get_by_label("What does it show?").click()
    tab.get_by_role("option", name="cat").click()
    tab.get_by_text("Kept as cat").wait_for()
    assert len(list(collected.glob("cat/*.jpg"))) == 1
    assert list(collected.glob("dog/*")) == []


def test_model(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page)
    show(tab, "Model")
    metrics = pocketlens.load_model().metadata.metrics
    tab.get_by_text(f"{metrics.accuracy:.2%}").first.wait_for()
    tab.locator("canvas, svg.marks").nth(3).wait_for()
    (cats_right, cats_wrong), _ = metrics.confusion_matrix
    for count in (cats_right, cats_wrong):
        tab.locator("figure svg").get_by_text(f"{count:,}", exact=True).wait_for()


@pytest.mark.parametrize("name", TABS)
def test_a_phone_is_wide_enough(page: Page, visit: Callable[..., Any], name: str) -> None:
    width = 360
    tab = visit(page, viewport={"width": width, "height": 740}, is_mobile=True, has_touch=True)
    show(tab, name)
    tab.wait_for_timeout(500)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", TABS)
def test_every_control_has_a_name(page: Page, visit: Callable[..., Any], name: str) -> None:
    tab = visit(page)
    show(tab, name)
    tab.wait_for_timeout(500)
    snapshot = tab.locator("body").aria_snapshot().splitlines()
    controls = ("button", "textbox", "checkbox", "combobox", "tab", "link", "slider")
    nameless = [
        line
        for line in snapshot
        if (words := line.strip().removeprefix("- ").rstrip(":").split(" ", 1))[0] in controls
        and (len(words) == 1 or not words[1].startswith('"'))
    ]
    assert nameless == []


@pytest.mark.parametrize(
    "labels",
    [
        ["red", "green", "blue"],
        ["<b> $$x$$", "![x](http://example.invalid/x.png)", "a/b|*c* __d__ 🐶 www.example.invalid"],
    ],
)
def test_a_model_that_says_little_of_itself(
    visit: Callable[..., Any], photos: list[Path], tmp_path: Path, labels: list[str]
) -> None:
    file = tmp_path / "colors.onnx"
    file.write_bytes(colors_model(labels=labels, about="![y](http://example.invalid/y.png)"))
    page = Page("--model", str(file))
    try:
        tab = visit(page)
        tab.get_by_text("The answer is {}, {} or {}.".format(*labels)).wait_for()
        upload(tab, photos[0])
        answer(tab, pocketlens.load_model(file).predict(photos[0]).label)
        show(tab, "Model")
        tab.get_by_text("The whole model card").click()
        tab.get_by_text(", ".join(labels), exact=True).wait_for()
    finally:
        page.close()


def test_behind_a_reverse_proxy(visit: Callable[..., Any], photos: list[Path]) -> None:
    page = Page(env=os.environ | {"GRADIO_ROOT_PATH": "/pictures"})
    try:
        with reverse_proxy(page.url, "/pictures") as url:
            page.url = f"{url}/"
            tab = visit(page)
            upload(tab, photos[0])
            answer(tab, "cat")
            tab.close()
    finally:
        page.close()


def test_tabs_by_keyboard(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page)
    tab.get_by_role("tab", name="Photo").focus()
    for name in TABS[1:]:
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        assert tab.get_by_role("tab", selected=True).inner_text() == name

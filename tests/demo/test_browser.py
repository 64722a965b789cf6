"""The page as people use it: a real browser, and nothing that it asks of another host."""

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import pocketlens
from builders import colors_model, encode, plain
from pocketlens.loading import BUNDLED_MODEL

pytest.importorskip("gradio")
httpx = pytest.importorskip("httpx")
pytest.importorskip("playwright.sync_api")

from browsing import answer, many, record, show, upload, upload_many
from reverse_proxy import reverse_proxy
from served_page import Page

TABS = ("Photo", "Live", "Many", "Model", "API")
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
    upload(tab, dog)
    answer(tab, "dog")
    # Neither 100 % nor 0 %.
    assert expected.score > 0.999
    card = tab.locator(".photo .card")
    assert card.locator(".headline b").inner_text() == "over 99.9 %"
    assert card.locator(".words").inner_text().startswith("Typical")
    assert card.get_by_text("1 other below 1 %").is_visible()
    assert card.get_by_text(" ms").is_visible()
    shown, layer = tab.locator(".photo .shown"), tab.locator(".photo .layer")
    layer.wait_for()
    assert shown.bounding_box() == pytest.approx(layer.bounding_box(), abs=1)
    tab.get_by_label("Map").fill("80")
    assert layer.evaluate("layer => layer.style.opacity") == "0.8"


def test_neither_from_the_examples(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page)
    tab.get_by_role("heading", name="Cat, dog or neither?").wait_for()
    coffee = tab.locator(".examples button").nth(1)
    coffee.focus()
    tab.keyboard.press("Enter")
    answer(tab, "neither")
    tab.get_by_text("Unlike any cat or dog that it has seen.").wait_for()
    guess = tab.locator(".photo .card .others")
    assert not guess.is_visible()
    tab.get_by_text("If it must be one of them").click()
    assert guess.is_visible()
    assert not tab.locator(".photo .layer").is_visible()


def test_broken_file_is_said_and_the_page_goes_on(
    page: Page, visit: Callable[..., Any], photos: list[Path], tmp_path: Path
) -> None:
    tab = visit(page)
    broken, large = tmp_path / "broken.jpg", tmp_path / "large.jpg"
    broken.write_bytes(photos[0].read_bytes()[:2000])
    large.write_bytes(bytes(30_100_000))
    for file, words in ((broken, "cut off"), (large, "31 MB; at most 20 MB")):
        upload(tab, file)
        tab.locator(".photo .card.error").filter(has_text=words).wait_for()
    upload(tab, photos[0])
    answer(tab, "cat")
    assert tab.locator(".photo .card").count() == 1


def test_photo_from_the_clipboard(
    page: Page, visit: Callable[..., Any], photos: list[Path]
) -> None:
    tab = visit(page)
    tab.locator(".zone").wait_for()
    tab.evaluate(
        """async (address) => {
          const photo = await (await fetch(address)).blob();
          const data = new DataTransfer();
          data.items.add(new File([photo], "cat.jpg", { type: "image/jpeg" }));
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
        }""",
        "page/examples/0?side=500",
    )
    answer(tab, "cat")


def test_photo_from_the_camera(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page)
    tab.locator(".zone").get_by_role("button", name="Use camera").click()
    tab.wait_for_function("document.querySelector('.photo video')?.videoWidth > 0")
    tab.get_by_role("button", name="Take photo").click()
    answer(tab, "")
    assert tab.locator(".photo .card").get_by_text(" ms").is_visible()


@pytest.mark.parametrize("name", ["pexels_dog", "pexels_coffee", "broken"])
def test_a_phone_shows_photo_and_answer_at_once(
    page: Page, visit: Callable[..., Any], photos: list[Path], tmp_path: Path, name: str
) -> None:
    size = {"width": 390, "height": 844}
    tab = visit(page, viewport=size, is_mobile=True, has_touch=True)
    photo = next((photo for photo in photos if photo.stem == name), tmp_path / "broken.jpg")
    if name == "broken":
        photo.write_bytes(photos[0].read_bytes()[:-9000])
    upload(tab, photo)
    words = tab.locator(".photo .headline")
    words.wait_for()
    answered = words.bounding_box()
    picture = tab.locator(".photo .shown").bounding_box()
    assert tab.evaluate("scrollY") == 0
    assert answered["y"] + answered["height"] < size["height"]
    assert picture["height"] > 100
    # Over its lower edge.
    assert picture["y"] < answered["y"] < picture["y"] + picture["height"]
    assert answered["height"] >= 44


def test_live_camera_stops_in_time(visit: Callable[..., Any]) -> None:
    page = Page(command=[sys.executable, "-c", SHORT_LIVE, "demo"])
    try:
        tab = visit(page)
        show(tab, "Live")
        record(tab)
        tab.locator("#live").get_by_text("frames a second").wait_for()
        tab.get_by_text("It stopped after 3 seconds.").wait_for(timeout=30_000)
        tab.get_by_role("button", name="Start the camera").wait_for()
    finally:
        page.close()


def test_many(page: Page, visit: Callable[..., Any], photos: list[Path], tmp_path: Path) -> None:
    tab = visit(page)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    show(tab, "Many")
    sent = [*photos, broken]
    upload_many(tab, sent)
    many(tab, "6 photos")
    chips = tab.locator(".chip-row .pill")
    assert chips.all_inner_texts() == ["All 6", "2 cat", "2 dog", "1 neither", "1 unreadable"]
    expected = pocketlens.load_model().predict([str(photo) for photo in photos])
    cats = [
        (one.score, photo.name)
        for one, photo in zip(expected, photos, strict=True)
        if one.label == "cat" and not one.rejected
    ]
    tiles = tab.locator(".results section").first.locator(".tile")
    assert tiles.first.get_attribute("title") == min(cats)[1]
    tab.get_by_role("button", name="Table").click()
    cells = tab.locator(".results td:first-child")
    assert cells.all_inner_texts() == [path.name for path in sent]
    tab.get_by_role("columnheader", name="photo").get_by_role("button").click()
    assert cells.first.inner_text() == "broken.jpg"
    chips.filter(has_text="neither").click()
    assert cells.all_inner_texts() == ["pexels_coffee.jpg"]
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download CSV").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [path.name for path in sent]
    for row, one in zip(rows, expected, strict=False):
        assert row["answer"] == ("neither" if one.rejected else one.label)
        assert row["label"] == ("" if one.rejected else one.label)
        assert float(row["p(cat)"]) == pytest.approx(one.scores["cat"])
    assert "expected" in rows[-1]["error"]


def test_names_of_files_are_no_formulas_and_no_markup(
    page: Page, visit: Callable[..., Any], photos: list[Path], tmp_path: Path
) -> None:
    tab = visit(page)
    show(tab, "Many")
    names = ["=cmd|' ,1.jpg", "<img src=x onerror=alert(1)>.jpg"]
    files = [tmp_path / name for name in names]
    for file in files:
        file.write_bytes(photos[0].read_bytes())
    upload_many(tab, files)
    many(tab, "2 photos")
    tab.locator(".results .tile").last.click()
    tab.locator(".large .headline").wait_for()
    tab.keyboard.press("Escape")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert [line.split(".jpg")[0] for line in text.splitlines()[1:]] == [
        "\"'=cmd|' ,1",
        '"<img src=x onerror=alert(1)>',
    ]


def test_many_can_be_stopped(page: Page, visit: Callable[..., Any], tmp_path: Path) -> None:
    tab = visit(page)
    slow = encode(plain(9, 9, 9, (2000, 3000)))
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(900):
            file.writestr(f"{number}.png", slow)
    show(tab, "Many")
    upload_many(tab, [archive])
    tab.wait_for_function("document.querySelector('.many progress')?.value > 2")
    tab.get_by_role("button", name="Stop").click()
    many(tab, "Stopped after")
    said = tab.locator(".many .said").inner_text()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.wait_for_timeout(300)
    assert [url for url in asked if "answer" in url] == []
    assert tab.locator(".many .said").inner_text() == said


def test_the_threshold_of_neither(
    page: Page, visit: Callable[..., Any], photos: list[Path]
) -> None:
    tab = visit(page)
    show(tab, "Many")
    upload_many(tab, photos)
    many(tab, "5 photos")
    tab.get_by_text("Where neither begins").click()
    slider = tab.get_by_label("Familiarity below which")
    status = tab.locator(".threshold [role=status]")
    assert "1 rejected, 4 accepted. This is the model's own." in status.inner_text()
    rejected = tab.locator(".threshold .tiles-of").first.locator(".tile")
    assert [tile.get_attribute("title") for tile in rejected.all()] == ["pexels_coffee.jpg"]
    slider.fill("200")
    assert "5 rejected, 0 accepted. To use it: --min-familiarity 1" in status.inner_text()
    tab.locator(".chip-row .pill").filter(has_text="5 neither").wait_for()
    slider.fill("0")
    assert "0 rejected, 5 accepted" in status.inner_text()
    tab.locator(".chip-row .pill").filter(has_text="neither").wait_for(state="detached")


def kept(folder: Path) -> list[str]:
    both = [*folder.glob("*/*.jpg"), *folder.parent.glob(f"{folder.name}-neither/*.jpg")]
    return sorted(path.parent.name for path in both)


def test_wrong_it_is(
    page: Page, visit: Callable[..., Any], photos: list[Path], collected: Path
) -> None:
    tab = visit(page)
    upload(tab, photos[0])
    answer(tab, "cat")
    check_corrector(tab.locator(".photo .corrector"), collected)


def test_a_tile_is_large_and_corrected(
    page: Page, visit: Callable[..., Any], photos: list[Path], collected: Path, tmp_path: Path
) -> None:
    tab = visit(page)
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for photo in photos:
            file.write(photo, f"dog/{photo.name}")
    show(tab, "Many")
    upload_many(tab, [archive])
    many(tab, "Right for 2 of 5 in folders of a class.")
    tab.locator(".results .tile").first.click()
    large = tab.locator("dialog.large")
    large.locator(".layer").wait_for()
    assert large.locator(".headline span").inner_text() == "cat"
    check_corrector(large.locator(".corrector"), collected)
    large.get_by_role("button", name="Close").click()
    show(tab, "Model")
    tab.get_by_role("button", name="dog answered cat").click()
    tab.get_by_text("2 of dog answered cat").wait_for()
    assert tab.locator(".cell-shown .tile").count() == 2


def check_corrector(corrector: Any, folder: Path) -> None:
    """Corrects, takes it back, and corrects again; nothing is left in the end."""
    assert kept(folder) == []
    for label, place in (("dog", "dog"), ("neither", f"{folder.name}-neither"), ("cat", "cat")):
        corrector.get_by_role("button", name=label, exact=True).click()
        corrector.get_by_text(f"Kept as {label}.").wait_for()
        assert kept(folder) == [place]
        corrector.get_by_role("button", name="Undo").click()
        corrector.get_by_text("Wrong? It is").wait_for()
        assert kept(folder) == []


def test_a_page_that_keeps_nothing_offers_no_correction(
    page: Page, visit: Callable[..., Any], photos: list[Path]
) -> None:
    other = Page()
    try:
        tab = visit(other)
        upload(tab, photos[0])
        answer(tab, "cat")
        assert tab.locator(".corrector").count() == 0
    finally:
        other.close()


def test_two_models_side_by_side(
    visit: Callable[..., Any], photos: list[Path], tmp_path: Path
) -> None:
    file = tmp_path / "of-colors.onnx"
    file.write_bytes(colors_model())
    page = Page("--model", str(BUNDLED_MODEL), "--model", str(file))
    try:
        tab = visit(page)
        tab.get_by_role("heading", name="Cats and dogs and Of colors").wait_for()
        upload(tab, photos[0])
        answer(tab, pocketlens.load_model(file).predict(photos[0]).label)
        names = tab.locator(".photo .card .model").all_inner_texts()
        assert names == ["Cats and dogs", "Of colors"]
        assert tab.locator(".photo .headline span").first.inner_text() == "cat"
        show(tab, "Model")
        with tab.expect_download() as download:
            tab.locator("#model-1").get_by_text("Download the model").click()
        assert Path(download.value.path()).read_bytes() == file.read_bytes()
        assert download.value.suggested_filename == file.name
    finally:
        page.close()


def test_an_address_opens_its_tab(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page)
    tab.get_by_role("link", name="98.6 % right").click()
    tab.get_by_text("Download the model").wait_for()
    assert tab.url.endswith("#model")
    tab.goto(f"{page.url}/#many")
    tab.reload()
    tab.get_by_text("Many photos at once").wait_for()


def test_the_snippet_runs_as_pasted(
    page: Page, visit: Callable[..., Any], photos: list[Path], tmp_path: Path
) -> None:
    tab = visit(page)
    show(tab, "API")
    code = tab.locator(".api code").filter(has_text="handle_file").all_inner_texts()
    assert len(code) == 2
    (tmp_path / "photo.jpg").write_bytes(photos[0].read_bytes())
    script = "\n".join(code)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.count("'label': 'cat'") == 2, done.stderr


def test_the_phone_finds_the_page(visit: Callable[..., Any]) -> None:
    page = Page("--host", "0.0.0.0")
    try:
        assert "the page is at http://0.0.0.0" not in "".join(page.lines)
        tab = visit(page, device_scale_factor=2)
        tab.get_by_text("On your phone").click()
        code = tab.get_by_role("img", name="QR code of")
        code.wait_for()
        address = code.get_attribute("alt").removeprefix("QR code of ")
        assert address.endswith(f":{page.port}/")
        assert "//127.0.0.1" not in address
        assert f"the page is at {address}" in "".join(page.lines)
        picture = cv2.imdecode(np.frombuffer(code.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == address
    finally:
        page.close()


def test_a_german_browser_shows_english(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page, locale="de-DE")
    assert tab.evaluate("navigator.language") == "en"
    head = httpx.get(page.url).text.partition("</head>")[0]
    titles = re.findall(r'<meta[^>]*"og:title"[^>]*content="([^"]*)"', head)
    assert titles == ["Cats and dogs · pocketlens"]
    assert "@Gradio" not in head


def test_model(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page)
    show(tab, "Model")
    metrics = pocketlens.load_model().metadata.metrics
    tab.get_by_text(f"{metrics.accuracy:.2%}").first.wait_for()
    assert tab.locator(".tiles > div").count() == 4
    assert tab.locator(".plot:visible").count() == 1
    tab.get_by_text("The probabilities can be trusted").wait_for()
    (cats_right, cats_wrong), _ = metrics.confusion_matrix
    for count in (cats_right, cats_wrong):
        tab.locator("figure svg").get_by_text(f"{count:,}", exact=True).wait_for()
    tab.get_by_role("button", name="cat answered dog").click()
    tab.get_by_text("No pictures of cat answered dog are at hand").wait_for()
    tab.get_by_text("Learning curves").click()
    assert tab.locator(".plot:visible").count() == 3


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
        tab.get_by_role("heading", name="Colors").wait_for()
        assert tab.locator(".chips li").all_inner_texts() == labels
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

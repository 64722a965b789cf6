"""The bundled model's page, opened from disk without network: what a visitor does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from builders import encode, plain
from pocketlens import load_model
from web_page import ENDED, choose, choose_many, saved_rows

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
MEGABYTES = 6.5


def violations(tab: Any) -> list[Any]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(tab).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in serious]


def test_file_is_small(page_file: Path) -> None:
    assert page_file.stat().st_size < MEGABYTES * 1e6


def test_answers_are_the_runtimes(tab: Any, photos: list[Path]) -> None:
    choose_many(tab, photos)
    rows = saved_rows(tab)
    assert len(rows) == len(photos) > 3
    for photo, row in zip(photos, rows, strict=True):
        expected = load_model().predict(photo)
        assert row["file"] == photo.name
        assert row["answer"] == ("neither" if expected.rejected else expected.label)
        assert float(row["familiarity"]) == pytest.approx(expected.familiarity, abs=0.02)
        for label, score in expected.scores.items():
            assert float(row[f"p({label})"]) == pytest.approx(score, abs=0.02)


def test_nothing_is_asked_for_and_nothing_may_be(tab: Any, photos: list[Path]) -> None:
    choose(tab, photos[0])
    asked = [url for url in tab.asked if not url.startswith(("blob:", "data:"))]
    assert len(asked) == 1, asked
    send = "fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)"
    sent = "navigator.sendBeacon('http://127.0.0.1:9/', 'x')"
    assert tab.problems == []
    assert tab.evaluate(send) == "TypeError"
    tab.evaluate(sent)
    tab.evaluate("new Image().src = 'http://127.0.0.1:9/x.png'")
    tab.wait_for_timeout(100)
    refused = [text for text in tab.problems if "Content Security Policy" in text]
    assert len(refused) >= 3, tab.problems


def test_selftest_passes_and_is_seen(tab: Any) -> None:
    tab.locator("#tested", has_text="Self-test passed").click()
    checks = tab.locator("#model .checks li").all_inner_texts()
    assert [text.partition(":")[0] for text in checks] == [
        "passed file",
        "passed kernels",
        "passed resize",
        "passed decode",
    ]


def test_selftest_fails_where_a_browser_changes_pixels(
    open_page: Callable[..., Any], page_file: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "page.html"
    text = page_file.read_text(encoding="utf-8")
    worse = text.replace("    const { data } = context.getImageData", "    const data = fake")
    worse = worse.replace(
        "const data = fake(0, 0, width, height);",
        "const data = new Uint8Array(4 * width * height);",
    )
    assert worse != text
    changed.write_text(worse, encoding="utf-8")
    tab = open_page(changed)
    tab.locator("#tested", has_text="Self-test failed").wait_for()
    assert "answers otherwise" in tab.inner_text("#alarm")


def test_map_lies_on_the_photo(tab: Any, photos: list[Path]) -> None:
    dog = next(photo for photo in photos if photo.stem == "pexels_dog")
    assert choose(tab, dog).startswith("dog")
    box, shown = (tab.locator(f"#photo {name}").bounding_box() for name in (".layer", ".shown"))
    assert box == pytest.approx(shown, abs=1)
    tab.locator("#photo input[type=range]").fill("100")
    assert tab.evaluate("document.querySelector('#photo .layer').style.opacity") == "1"


def test_neither_in_words_and_no_map(tab: Any, photos: list[Path]) -> None:
    coffee = next(photo for photo in photos if "coffee" in photo.name)
    assert choose(tab, coffee).startswith("neither\n\nUnlike any cat or dog that it has seen.")
    assert tab.locator("#photo .layer").count() == 0


def test_probability_is_never_whole(tab: Any, photos: list[Path]) -> None:
    said = " ".join(choose(tab, photo) for photo in photos)
    assert not re.search(r"\b(100(\.0)?|0\.0) %", said)


def test_page_goes_on_after_a_bad_file(tab: Any, photos: list[Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(photos[0].read_bytes()[:2000])
    assert "damaged or cut off" in choose(tab, bad)
    tab.wait_for_selector('#photo[data-shown="false"]')
    assert choose(tab, photos[0]).startswith("cat")


def test_csv_holds_no_formula(tab: Any, tmp_path: Path) -> None:
    files = []
    for name in ("=cmd.png", "@x.png", "plain, with comma.png"):
        files.append(tmp_path / name)
        files[-1].write_bytes(encode(plain(200, 10, 10)))
    files.append(tmp_path / "-bad.jpg")
    files[-1].write_bytes(b"no picture")
    choose_many(tab, files)
    rows = saved_rows(tab)
    names = [row["file"] for row in rows]
    assert names == ["'=cmd.png", "'@x.png", "plain, with comma.png", "'-bad.jpg"]
    assert rows[-1]["answer"] == ""
    assert rows[-1]["error"].startswith("This is no picture")


def test_many_are_grouped_and_filtered(tab: Any, photos: list[Path]) -> None:
    choose_many(tab, photos)
    total = tab.locator(".tile").count()
    assert total == len(photos)
    tab.locator(".pill", has_text="neither").click()
    assert 0 < tab.locator(".tile").count() < total
    tab.locator(".tile").first.click()
    tab.locator("dialog .card").wait_for()
    tab.keyboard.press("Escape")
    tab.locator("dialog").wait_for(state="detached")


def test_hundred_files(tab: Any, tmp_path: Path) -> None:
    data = encode(plain(90, 60, 30, (24, 24)), ".jpg")
    files = [tmp_path / f"{number}.jpg" for number in range(100)]
    for file in files:
        file.write_bytes(data)
    choose_many(tab, files)
    assert tab.inner_text("#many .said") == "100 photos."


def test_stopping_keeps_what_is_answered(tab: Any, tmp_path: Path) -> None:
    data = encode(cv2.resize(plain(90, 60, 30), (1500, 1500)), ".jpg")
    files = [tmp_path / f"{number}.jpg" for number in range(60)]
    for file in files:
        file.write_bytes(data)
    tab.click("#tab-many")
    tab.set_input_files('#many [aria-label="Choose photos"]', [str(file) for file in files])
    tab.locator("#many .said", has_text="of 60").wait_for()
    tab.click("text=Stop")
    assert tab.inner_text("#many .said").startswith("Stopped after")
    assert tab.locator("#many .tile").count() < 60


def test_live_answers_and_stops_with_its_tab(tab: Any) -> None:
    tab.click("#tab-live")
    tab.click("text=Start the camera")
    tab.locator("#live .answer").wait_for()
    tab.locator("#live .rate", has_text="frames a second").wait_for()
    track = tab.evaluate_handle("document.querySelector('#live video').srcObject.getTracks()[0]")
    tab.click("#tab-photo")
    tab.wait_for_selector('#live[data-state="off"]', state="attached")
    assert track.evaluate("(track) => track.readyState") == "ended"
    assert tab.locator("#live .answer").is_hidden()


def test_photo_by_camera(tab: Any) -> None:
    tab.click("#photo .zone >> text=Use camera")
    tab.click("text=Take photo")
    tab.wait_for_selector(ENDED)
    assert tab.locator("#photo video").is_hidden()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("NotFoundError", "No camera was found"),
        ("NotAllowedError", "The camera is not allowed"),
        ("NotReadableError", "Another program uses the camera"),
    ],
)
def test_no_camera_is_told_in_a_sentence(fault: str, said: str, tab: Any) -> None:
    tab.evaluate(
        f"""() => {{
            navigator.mediaDevices.getUserMedia = async () => {{
                throw new DOMException("no", "{fault}");
            }};
        }}"""
    )
    tab.click("#photo .zone >> text=Use camera")
    tab.wait_for_selector(ENDED)
    assert said in tab.inner_text("#photo .side")
    tab.click("#tab-live")
    tab.click("text=Start the camera")
    tab.locator("#live [role=status]", has_text=said).wait_for()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("delete globalThis.WebAssembly", "WebAssembly switched off"),
        ("WebAssembly.instantiate = () => { throw new Error('no') }", "does not start"),
        ("delete globalThis.DecompressionStream", "use a newer one"),
    ],
)
def test_browser_that_cannot_is_told_in_a_sentence(
    script: str, said: str, browser: Any, page_file: Path, photos: list[Path]
) -> None:
    context = browser.new_context()
    context.add_init_script(script)
    tab = context.new_page()
    tab.goto(page_file.as_uri())
    tab.wait_for_selector("#alarm:not([hidden])")
    assert said in tab.inner_text("#alarm")
    assert said in choose(tab, photos[0])
    context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wrong_with_its_look(
    scheme: str,
    size: dict[str, int],
    open_page: Callable[..., Any],
    page_file: Path,
    photos: list[Path],
    tmp_path: Path,
) -> None:
    tab = open_page(page_file, viewport=size, color_scheme=scheme)
    bad = tmp_path / "a_very_long_name_of_a_file_without_any_space_in_it_at_all.jpg"
    bad.write_bytes(b"no picture")
    found = []
    for photo in (*photos[:2], bad):
        choose(tab, photo)
        found += violations(tab)
    choose_many(tab, [*photos, bad])
    found += violations(tab)
    tab.click("#tab-model")
    found += violations(tab)
    for name in ("photo", "live", "many", "model"):
        tab.click(f"#tab-{name}")
        assert tab.evaluate("document.documentElement.scrollWidth") == size["width"]
    assert found == []
    assert tab.problems == []


def test_turned_photo_has_its_map_upright(tab: Any, photos: list[Path], tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    exif = pillow.Exif()
    exif[0x0112] = 6
    dog = next(photo for photo in photos if photo.stem == "pexels_dog")
    turned = tmp_path / "turned.jpg"
    with pillow.open(dog) as image:
        image.transpose(pillow.Transpose.ROTATE_90).save(turned, exif=exif, quality=95)
    assert choose(tab, turned).startswith("dog")
    size = tab.evaluate(
        "(() => { const box = document.querySelector('#photo .layer').getBoundingClientRect();"
        " return [box.width, box.height]; })()"
    )
    assert size[0] > size[1]
    assert np.isfinite(size).all()

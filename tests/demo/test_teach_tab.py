"""The Teach tab in a real browser: three colours, from the camera and from files."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

import pocketlens
from builders import encode

pytest.importorskip("gradio")
pytest.importorskip("onnx")
pytest.importorskip("sklearn")
pytest.importorskip("playwright.sync_api")

from browsing import answer, show, upload
from served_page import Page, free_port

RED, GREEN, BLUE = (200, 40, 40), (40, 180, 60), (40, 60, 200)
PICTURES = 12
NOT_AWAY = """
import sys
import pocketlens_demo.teaching.sessions as sessions
sessions.SECONDS_AWAY = 0
from pocketlens.cli import main
main(sys.argv[1:])
"""


def shot(random: np.random.Generator, color: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """A disk of the colour somewhere on grey, with the noise of a camera."""
    picture = np.full((240, 320, 3), 90, np.uint8)
    center = int(random.integers(90, 230)), int(random.integers(80, 160))
    cv2.circle(picture, center, int(random.integers(50, 80)), color, -1)
    noise = random.normal(0, 8, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def browser(open_browser: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Its camera sees red disks."""
    video = tmp_path_factory.mktemp("camera") / "red.y4m"
    random = np.random.default_rng(0)
    frames = [shot(random, RED) for _ in range(40)]
    video.write_bytes(
        b"YUV4MPEG2 W320 H240 F10:1 Ip A1:1 C420\n"
        + b"".join(
            b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes() for frame in frames
        )
    )
    return open_browser(f"--use-file-for-fake-video-capture={video}")


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page keeps its uploads."""
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def page(sessions: Path) -> Iterator[Page]:
    port = free_port()
    command = [sys.executable, "-c", NOT_AWAY, "demo", "--teach", "--port", str(port)]
    running = Page(command=command, port=port, env=os.environ | {"GRADIO_TEMP_DIR": str(sessions)})
    yield running
    assert "Traceback" not in running.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    folder, random = tmp_path_factory.mktemp("files"), np.random.default_rng(1)
    found: dict[str, list[Path]] = {}
    for label, color in (("red", RED), ("green", GREEN), ("blue", BLUE)):
        found[label] = [folder / f"{label}{number}.jpg" for number in range(PICTURES + 1)]
        for file in found[label]:
            file.write_bytes(encode(shot(random, color), ".jpg"))
    return found


def add_class(tab: Any, label: str) -> None:
    tab.get_by_label("A new class").fill(label)
    tab.get_by_role("button", name="Add class").click()


def card(tab: Any, label: str) -> Any:
    return tab.locator("#teach-classes section").filter(has_text=label)


def said(tab: Any, words: str) -> None:
    tab.locator("#teach-classes .said").filter(has_text=words).wait_for()


def answered(tab: Any, label: str) -> None:
    tab.get_by_test_id("label-output-value").filter(has_text=label).wait_for()


def open_camera(tab: Any) -> None:
    tab.locator("#teach-camera").get_by_role("button", name="Start the camera").click()
    tab.wait_for_function("document.querySelector('#teach-camera video')?.videoWidth > 0")


def hold(tab: Any, label: str, pictures: int) -> None:
    """Holds the button until so many pictures are taken."""
    button = card(tab, label).get_by_role("button", name="Hold to record")
    button.hover()
    tab.mouse.down()
    tab.wait_for_function(
        "([label, count]) => parseInt(document.querySelector('.held')?.textContent) >= count",
        arg=[label, pictures],
    )


def test_three_colours(
    page: Page, visit: Callable[..., Any], files: dict[str, list[Path]], tmp_path: Path
) -> None:
    tab = visit(page)
    show(tab, "Teach")
    for label in files:
        add_class(tab, label)
        card(tab, label).wait_for()
    open_camera(tab)
    hold(tab, "red", PICTURES)
    tab.mouse.up()
    said(tab, "of red added")
    card(tab, "green").locator("input").set_input_files(list(map(str, files["green"][:-1])))
    said(tab, f"{PICTURES} pictures of green added")
    archive = tmp_path / "blue.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for file in files["blue"][:-1]:
            zipped.write(file, f"all/blue/{file.name}")
    tab.get_by_label("Add a zip file").set_input_files(str(archive))
    said(tab, f"{PICTURES} pictures of blue added")
    card(tab, "blue").locator(".picture").first.click()
    card(tab, "blue").get_by_text(f"{PICTURES - 1} pictures").wait_for()
    tab.get_by_role("button", name="Teach", exact=True).click()
    tab.locator("#teach-result").get_by_text("Right for").wait_for(timeout=60_000)
    tab.locator("#teach-camera .answer").filter(has_text="red").wait_for()
    for label in ("green", "blue"):
        if tab.get_by_label("Remove Image").count():
            tab.get_by_label("Remove Image").first.click()
        tab.locator("#teach-photo input").set_input_files(str(files[label][-1]))
        answered(tab, label)
    tab.get_by_label("Wrong? It is").click()
    tab.get_by_role("option", name="green").click()
    said(tab, "1 picture of green added")
    check_what_is_taken_away(tab, files, tmp_path)


def check_what_is_taken_away(tab: Any, files: dict[str, list[Path]], folder: Path) -> None:
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download model").click()
    download.value.save_as(folder / "taught.onnx")
    model = pocketlens.load_model(folder / "taught.onnx")
    assert model.predict(files["blue"][-1]).label == "blue"
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download pictures").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        folders = [name.split("/")[1] for name in archive.namelist()]
    assert folders.count("green") == PICTURES + 1
    tab.get_by_role("button", name="Use on this page").click()
    tab.get_by_role("heading", name="Taught").wait_for()
    show(tab, "Photo")
    tab.get_by_role("heading", name="Blue, green, red or none of them?").wait_for()
    upload(tab, files["green"][-1])
    answer(tab, "green")
    show(tab, "Teach")
    tab.get_by_role("button", name="Back to the page's model").click()
    tab.get_by_role("heading", name="Cats and dogs").wait_for()


def test_two_visitors_do_not_see_each_other(
    page: Page, visit: Callable[..., Any], sessions: Path, files: dict[str, list[Path]]
) -> None:
    ann, ben = visit(page), visit(page)
    for tab, label in ((ann, "<img src=x onerror=alert(1)>"), (ben, "hand")):
        show(tab, "Teach")
        add_class(tab, label)
        card(tab, label).locator("input").set_input_files(str(files["red"][0]))
        card(tab, label).get_by_text("1 picture", exact=True).wait_for()
        assert tab.locator("#teach-classes section").count() == 1
        tab.get_by_role("button", name="Teach", exact=True).click()
        tab.locator("#teach-result").get_by_text("takes two classes or more").wait_for()
    kept = list(sessions.glob("*/teaching/*/pictures/*"))
    assert sorted(path.name for path in kept) == ["<img src=x onerror=alert(1)>", "hand"]
    ann.context.close()
    for _ in range(100):
        if len(kept := list(sessions.glob("*/teaching/*/pictures/*"))) == 1:
            break
        ben.wait_for_timeout(50)
    assert [path.name for path in kept] == ["hand"]


def test_a_camera_that_is_taken_away(page: Page, visit: Callable[..., Any]) -> None:
    tab = visit(page, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    show(tab, "Teach")
    add_class(tab, "red")
    button = card(tab, "red").get_by_role("button", name="Hold to record")
    button.click()
    said(tab, "The camera is turned on")
    tab.wait_for_function("document.querySelector('#teach-camera video')?.videoWidth > 0")
    hold(tab, "red", 2)
    tab.evaluate("document.querySelector('#teach-camera video').srcObject.getTracks()[0].stop()")
    said(tab, "The camera was taken away; turn it on again")
    tab.mouse.up()
    assert card(tab, "red").locator(".picture").count() >= 1
    tab.locator("#teach-camera").get_by_role("button", name="Start the camera").wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360

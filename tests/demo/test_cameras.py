"""The cameras of Photo and Live: the right way round, and off when nobody looks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import urlopen

import cv2
import numpy as np
import pytest

from builders import plain

pytest.importorskip("gradio")
pytest.importorskip("playwright.sync_api")

from browsing import answer, record, show
from served_page import Page

WATCHED = """
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
window.streams = [];
navigator.mediaDevices.getUserMedia = async (constraints) => {
  const stream = await ask(constraints);
  stream.wanted = constraints.video.facingMode;
  window.streams.push(stream);
  return stream;
};
"""


@pytest.fixture(scope="module")
def browser(open_browser: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Its camera sees red on the left and blue on the right."""
    video = tmp_path_factory.mktemp("camera") / "red-blue.y4m"
    scene = np.hstack([plain(230, 20, 20, (480, 320)), plain(20, 20, 230, (480, 320))])
    frame = cv2.cvtColor(scene, cv2.COLOR_RGB2YUV_I420).tobytes()
    video.write_bytes(b"YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420\n" + b"FRAME\n" + frame)
    return open_browser(f"--use-file-for-fake-video-capture={video}")


@pytest.fixture
def sent() -> list[bytes]:
    """The pictures of the camera that have gone to the server."""
    return []


@pytest.fixture
def tab(page: Page, browser: Any, sent: list[bytes]) -> Iterator[Any]:
    context = browser.new_context(permissions=["camera"])
    context.set_default_timeout(10_000)
    tab = context.new_page()
    tab.add_init_script(WATCHED)
    tab.on("request", lambda request: sent.extend(frames(request)))
    tab.goto(page.url)
    yield tab
    context.close()


def frames(request: Any) -> list[bytes]:
    body = request.post_data if request.method == "POST" else None
    if not body or "data:image/jpeg;base64," not in body:
        return []
    return [base64.b64decode(json.loads(body)["data"][0]["url"].partition(",")[2])]


def is_red_left_of_blue(picture: bytes) -> bool:
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert pixels is not None
    width = pixels.shape[1]
    left, right = pixels[:, : width // 4].mean((0, 1)), pixels[:, -width // 4 :].mean((0, 1))
    return bool(left.argmax() == 0 and right.argmax() == 2)


def test_photo_is_not_mirrored(tab: Any) -> None:
    tab.get_by_label("Capture from camera").click()
    tab.locator("#photo").get_by_text("Click to Access Webcam").click()
    tab.wait_for_function("document.querySelector('#photo video')?.videoWidth > 0")
    assert "flip" not in tab.locator("#photo video").get_attribute("class").split()
    tab.locator("#photo").get_by_label("capture photo").click()
    answer(tab, "")
    with urlopen(tab.locator("#photo .image-frame img").get_attribute("src")) as picture:
        assert is_red_left_of_blue(picture.read())
    assert tab.evaluate("streams.map((stream) => stream.wanted)") == ["environment"]


def test_live_is_not_mirrored(tab: Any, sent: list[bytes]) -> None:
    show(tab, "Live")
    record(tab)
    assert "flip" not in tab.locator("#live video").get_attribute("class").split()
    assert is_red_left_of_blue(sent[-1])
    assert tab.evaluate("streams.map((stream) => stream.wanted)") == ["environment"]


def leave_for_many(tab: Any) -> None:
    show(tab, "Many")


def stop(tab: Any) -> None:
    tab.get_by_label("capture photo").filter(has_text="Stop").click()


def hide(tab: Any) -> None:
    tab.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )


@pytest.mark.parametrize("leave", [leave_for_many, stop, hide])
def test_nothing_goes_on_after_live(
    tab: Any, sent: list[bytes], leave: Callable[[Any], None]
) -> None:
    show(tab, "Live")
    record(tab)
    leave(tab)
    tab.wait_for_function("streams.every((stream) => !stream.active)")
    tab.locator("#live-answer p").wait_for(state="detached")
    before = len(sent)
    tab.wait_for_timeout(500)
    assert len(sent) == before
    show(tab, "Live")
    record(tab)
    assert len(sent) > before


def test_the_camera_of_photo_goes_off_with_its_tab(tab: Any) -> None:
    tab.get_by_label("Capture from camera").click()
    tab.locator("#photo").get_by_text("Click to Access Webcam").click()
    tab.wait_for_function("document.querySelector('#photo video')?.videoWidth > 0")
    show(tab, "Model")
    tab.wait_for_function("streams.every((stream) => !stream.active)")
    show(tab, "Photo")
    tab.get_by_label("Capture from camera").click()
    tab.locator("#photo").get_by_text("Click to Access Webcam").wait_for()

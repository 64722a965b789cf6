"""The cameras of Photo and Live: the right way round, and off when nobody looks."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

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
window.framesSent = [];
const ask_server = window.fetch;
window.fetch = (url, options) => {
  if (String(url).includes("page/answer")) framesSent.push(options.body);
  return ask_server(url, options);
};
"""
LAST_FRAME = """
new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.readAsDataURL(framesSent.at(-1));
})"""


@pytest.fixture(scope="module")
def browser(open_browser: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Its camera sees red on the left and blue on the right."""
    video = tmp_path_factory.mktemp("camera") / "red-blue.y4m"
    scene = np.hstack([plain(230, 20, 20, (480, 320)), plain(20, 20, 230, (480, 320))])
    frame = cv2.cvtColor(scene, cv2.COLOR_RGB2YUV_I420).tobytes()
    video.write_bytes(b"YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420\n" + b"FRAME\n" + frame)
    return open_browser(f"--use-file-for-fake-video-capture={video}")


@pytest.fixture
def tab(page: Page, browser: Any) -> Iterator[Any]:
    context = browser.new_context(permissions=["camera"])
    context.set_default_timeout(10_000)
    tab = context.new_page()
    tab.add_init_script(WATCHED)
    tab.goto(page.url)
    yield tab
    context.close()


def last_frame(tab: Any) -> bytes:
    """The latest picture of the camera that has gone to the server."""
    return base64.b64decode(tab.evaluate(LAST_FRAME).partition(",")[2])


def sent(tab: Any) -> int:
    return int(tab.evaluate("framesSent.length"))


def is_red_left_of_blue(picture: bytes) -> bool:
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert pixels is not None
    width = pixels.shape[1]
    left, right = pixels[:, : width // 4].mean((0, 1)), pixels[:, -width // 4 :].mean((0, 1))
    return bool(left.argmax() == 0 and right.argmax() == 2)


def use_camera(tab: Any) -> None:
    tab.locator(".zone").get_by_role("button", name="Use camera").click()
    tab.wait_for_function("document.querySelector('.photo video')?.videoWidth > 0")


def test_photo_is_not_mirrored(tab: Any) -> None:
    use_camera(tab)
    assert tab.locator(".photo video").evaluate("v => getComputedStyle(v).transform") == "none"
    tab.get_by_role("button", name="Take photo").click()
    answer(tab, "")
    assert is_red_left_of_blue(last_frame(tab))
    assert tab.evaluate("streams.map((stream) => stream.wanted)") == ["environment"]
    assert tab.evaluate("streams.every((stream) => !stream.active)")


def test_live_is_not_mirrored(tab: Any) -> None:
    show(tab, "Live")
    record(tab)
    assert tab.locator("#live video").evaluate("v => getComputedStyle(v).transform") == "none"
    assert is_red_left_of_blue(last_frame(tab))
    assert tab.evaluate("streams.map((stream) => stream.wanted)") == ["environment"]


def leave_for_many(tab: Any) -> None:
    show(tab, "Many")


def stop(tab: Any) -> None:
    tab.locator("#live").get_by_role("button", name="Stop").click()


def hide(tab: Any) -> None:
    tab.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )


@pytest.mark.parametrize("leave", [leave_for_many, stop, hide])
def test_nothing_goes_on_after_live(tab: Any, leave: Callable[[Any], None]) -> None:
    show(tab, "Live")
    record(tab)
    leave(tab)
    tab.wait_for_function("streams.every((stream) => !stream.active)")
    tab.locator("#live .answer").wait_for(state="hidden")
    before = sent(tab)
    tab.wait_for_timeout(300)
    assert sent(tab) == before
    tab.evaluate("delete document.hidden")
    show(tab, "Live")
    record(tab)
    assert sent(tab) > before


def test_the_camera_of_photo_goes_off_with_its_tab(tab: Any) -> None:
    use_camera(tab)
    show(tab, "Model")
    tab.wait_for_function("streams.every((stream) => !stream.active)")
    show(tab, "Photo")
    use_camera(tab)


@pytest.mark.parametrize(
    ("browser_is", "words"),
    [
        ("navigator.mediaDevices = undefined", "only for pages on this computer or with https"),
        ("getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))", "No camera"),
        ("getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))", "allow"),
    ],
)
def test_why_there_is_no_camera(tab: Any, page: Page, browser_is: str, words: str) -> None:
    name, _, value = browser_is.partition(" = ")
    owner = "navigator" if "." in name else "navigator.mediaDevices"
    key = name.rpartition(".")[2]
    tab.evaluate(f"Object.defineProperty({owner}, '{key}', {{ value: {value} }})")
    tab.locator(".zone").get_by_role("button", name="Use camera").click()
    tab.locator(".photo .card.error").filter(has_text=words).wait_for()
    show(tab, "Live")
    tab.locator("#live").get_by_role("button", name="Start the camera").click()
    tab.locator("#live [role=status]").filter(has_text=words).wait_for()

"""The tab for a camera: the answer over the picture, and how many frames a second."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from time import monotonic
from typing import Any

import gradio as gr

from pocketlens.classifier import Classifier
from pocketlens_demo import webcam
from pocketlens_demo.uploads import Upload
from pocketlens_demo.wording import answer_of

SECONDS = 60
_SECONDS_A_FRAME = 0.1
# Runs when a stream begins. The browser ends it: when the server does, the browser begins another.
_STOP_IN_TIME = """
(...inputs) => {
  clearTimeout(window.pocketlensStop);
  const stop = () => document.querySelector('#%s [title="stop recording"]')?.click();
  window.pocketlensStop = setTimeout(stop, 1000 * %d);
  return inputs;
}"""
_GRACE = 5
_VIEWERS_A_CORE = 8
_RECENT = 10


def build(model_of: Callable[[gr.Request], Classifier], cores: int) -> None:
    """Adds the tab's components and events to the page that is being built.

    Args:
        model_of: The model that answers a visitor.
        cores: How many there are to answer on.
    """
    gr.Markdown(
        f"Click the camera, then **Record**. It stops by itself after {SECONDS} seconds, and when "
        "you leave this tab. Browsers open the camera only for pages on this computer or with "
        "https."
    )
    add_camera(model_of, "live", cores)


def add_camera(model_of: Callable[[gr.Request], Classifier | None], box: str, cores: int) -> None:
    """Adds a camera with the answer over its picture.

    Args:
        model_of: The model that answers a visitor; None: there is none yet.
        box: The id of the element around it.
        cores: How many there are to answer on.
    """

    def classify(
        frame: dict[str, Any] | None, times: list[float], count: int, request: gr.Request
    ) -> tuple[Any, list[float], int]:
        model = model_of(request)
        if not frame or model is None:
            return gr.skip(), times, count
        prediction = model.predict(Upload(frame).read())
        # Frames before a pause, such as between two recordings, do not count.
        recent = [time for time in times if monotonic() - time < 2]
        times = [*recent[1 - _RECENT :], monotonic()]
        rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0
        answer = escape(answer_of(prediction))
        if not prediction.rejected:
            answer += f" {prediction.score:.0%}"
        # page.css hides an answer after two seconds; another class restarts that animation.
        turn = "even" if count % 2 == 0 else "odd"
        text = f"<p class='{turn}'><b>{answer}</b> {rate:.0f} frames a second</p>"
        return text, times, count + 1

    with gr.Column(elem_id=box, elem_classes="live"):
        camera = gr.Image(
            label="Camera",
            sources=["webcam"],
            streaming=True,
            format="jpeg",
            height=480,
            webcam_options=webcam.options(),
        )
        overlay = gr.HTML(elem_id=f"{box}-answer", elem_classes="live-answer")
    times, count = gr.State([]), gr.State(0)
    camera.stream(
        classify,
        [camera, times, count],
        [overlay, times, count],
        js=_STOP_IN_TIME % (box, SECONDS),
        stream_every=_SECONDS_A_FRAME,
        time_limit=SECONDS + _GRACE,
        concurrency_id="live",
        concurrency_limit=_VIEWERS_A_CORE * cores,
        api_visibility="private",
        preprocess=False,
        show_progress="hidden",
    )
    webcam.turn_off_in_time(camera, box, overlay)

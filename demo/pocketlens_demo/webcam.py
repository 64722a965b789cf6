"""A tab's camera: which one is used, and when it is turned off."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

# Turns it off when its picture is hidden, as by another tab, and when a recording ends.
_SWITCH = """
const off = () => {
  const videos = document.querySelectorAll(%(videos)s);
  const streams = [...videos].map((video) => video.srcObject).filter((stream) => stream?.active);
  for (const stream of streams) {
    stream.getTracks().forEach((track) => track.stop());
    trigger("click");
  }
};
let recorded = false;
const look = () => {
  const box = document.getElementById(%(box)s);
  const records = box?.querySelector('[title="stop recording"]') != null;
  if ((recorded && !records) || !box?.offsetWidth) off();
  recorded = records;
};
const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["style"] };
new MutationObserver(look).observe(document.body, changes);
document.addEventListener("visibilitychange", () => document.hidden && off());
// Of a script that finds the camera unplugged.
document.addEventListener("cameralost", () => trigger("click"));
"""
# Only a new component asks for the camera again.
_REMOVED = "() => [{ __type__: 'update', visible: false }, ...Array(%d).fill('')]"
_RENEWED = "() => ({ __type__: 'update', visible: true })"


def options(**constraints: Any) -> gr.WebcamOptions:
    """The rear camera of a phone, not mirrored, like the pictures of the training.

    Args:
        constraints: Media constraints of the video, such as width={"ideal": 1920}.
    """
    return gr.WebcamOptions(
        mirror=False, constraints={"video": {"facingMode": "environment", **constraints}}
    )


def turn_off_in_time(camera: gr.Image, box: str, *answers: gr.HTML) -> None:
    """Turns the camera off, and empties its answers, when it is hidden or a recording ends.

    Args:
        camera: The component.
        box: The id of the element around the component.
        answers: What shows answers for the camera's picture.
    """
    switch = gr.HTML(
        js_on_load=_SWITCH % {"box": json.dumps(box), "videos": json.dumps(f"#{box} video")},
        elem_classes="script",
    )
    removed = switch.click(
        None, outputs=[camera, *answers], js=_REMOVED % len(answers), api_visibility="private"
    )
    removed.then(None, outputs=camera, js=_RENEWED, api_visibility="private")

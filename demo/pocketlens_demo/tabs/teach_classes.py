"""The part of the Teach tab where a visitor names classes and gives them pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import gradio as gr

from pocketlens.errors import PocketLensError
from pocketlens_demo.teaching import cards
from pocketlens_demo.teaching.sessions import Session

SessionOf: TypeAlias = Callable[[gr.Request], Session]

_SAVE = """
(file) => {
  if (!file) return;
  const link = document.createElement("a");
  link.href = file.url;
  link.download = "";
  link.click();
}"""


def build(session_of: SessionOf) -> gr.HTML:
    """Adds them to the page that is being built; gives what shows them."""
    name = gr.Textbox(
        label="A new class",
        placeholder="Its name, such as cup",
        max_lines=1,
        submit_btn="Add class",
    )
    classes = gr.HTML(cards.draw({}), elem_id="teach-classes", js_on_load=cards.SCRIPT)

    def name_class(text: str, request: gr.Request) -> list[Any]:
        session = session_of(request)
        try:
            session.pictures.add_class(text)
        except PocketLensError as error:
            return [text, cards.draw(session.pictures.classes(), str(error))]
        return ["", cards.draw(session.pictures.classes())]

    quiet: dict[str, Any] = {
        "api_visibility": "private",
        "show_progress": "hidden",
        "trigger_mode": "multiple",
    }
    name.submit(name_class, name, [name, classes], **quiet)
    for listen, act in (
        (classes.burst, cards.add_burst),
        (classes.files, cards.add_files),
        (classes.strike, cards.remove_picture),
        (classes.dismiss, cards.remove_class),
    ):
        listen(_acting(session_of, act), outputs=classes, **quiet)
    return classes


def _acting(
    session_of: SessionOf, act: Callable[..., str]
) -> Callable[[gr.EventData, gr.Request], str]:
    def change(event: gr.EventData, request: gr.Request) -> str:
        pictures = session_of(request).pictures
        try:
            said = act(pictures, **event._data)
        except PocketLensError as error:
            said = str(error)
        return cards.draw(pictures.classes(), said)

    return change


def offer_zip(session_of: SessionOf) -> None:
    """Adds a button that downloads all pictures."""
    save = gr.Button("Download pictures", variant="secondary")
    file = gr.DownloadButton(visible=False)

    def pack(request: gr.Request) -> str:
        return str(session_of(request).zip_file())

    packed = save.click(pack, outputs=file, api_visibility="private")
    packed.success(None, file, js=_SAVE, api_visibility="private")

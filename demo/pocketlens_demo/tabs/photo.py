"""The tab for one photo: what it shows, how familiar it is, where the network looked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import gradio as gr

import pocketlens
from pocketlens.classifier import Classifier
from pocketlens.names import cut
from pocketlens.pictures.preprocessing import decode_for
from pocketlens_demo import webcam
from pocketlens_demo.corrections import Corrections
from pocketlens_demo.uploads import Upload
from pocketlens_demo.wording import answer_of, familiarity_text

EXAMPLES = Path(__file__).parents[1] / "examples"
_MOST_CLASSES = 10
_HEIGHT = 380
_OF_PHOTO = "of-photo"

# Hides the answer as soon as another photo is shown. Gradio's events cannot do this: once the
# connection to the server is lost, Gradio runs none of them, not even those in the browser alone.
_HIDE_THE_ANSWER = """
window.pocketlensPhoto = () => document.querySelector("#photo .image-frame img")?.src ?? "";
let last = pocketlensPhoto();
const hide = () => {
  if (pocketlensPhoto() === last) return;
  last = pocketlensPhoto();
  document.body.dataset.unanswered = "";
};
const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["src"] };
new MutationObserver(hide).observe(document.body, changes);
"""
_NOTE_THE_PHOTO = """
(photo, ...more) => {
  window.pocketlensAsked = photo?.url ?? "";
  return [photo, ...more];
}"""
_SHOW_ITS_ANSWER = """
() => {
  if (pocketlensPhoto() === pocketlensAsked) delete document.body.dataset.unanswered;
}"""


def build(
    model: Classifier,
    model_of: Callable[[gr.Request], Classifier],
    corrections: Corrections | None,
    concurrency: dict[str, Any],
) -> None:
    """Adds the tab's components and events to the page that is being built.

    Args:
        model: The page's.
        model_of: The model that answers a visitor.
        corrections: Keeps corrected photos of the page's model; None: it is not offered.
        concurrency: How many photos are answered at once.
    """
    with gr.Row(elem_id="photo-tab"):
        with gr.Column():
            photo, explain, heat_map = _photo_column(model)
        with gr.Column():
            *answer, wrong, right_label = _answer_column(model)
    gr.HTML(js_on_load=_HIDE_THE_ANSWER, elem_classes="script")
    webcam.turn_off_in_time(photo, "photo-tab")
    for event in (photo.change, explain.change):
        # preprocess=False: gr.Image would open the file first, and answer a bare "Error" where it
        # is no picture; the runtime says what is wrong with it.
        answered = event(
            _classify_with(model_of, model if corrections else None),
            [photo, explain],
            [*answer, heat_map, wrong, right_label],
            js=_NOTE_THE_PHOTO,
            api_visibility="private",
            preprocess=False,
            **concurrency,
        )
        answered.success(None, js=_SHOW_ITS_ANSWER, api_visibility="private")
    if corrections is not None:
        _correct(corrections, photo, wrong, right_label)
    if {label.lower() for label in model.labels} == {"cat", "dog"}:
        _offer_examples(photo)


def _photo_column(model: Classifier) -> tuple[gr.Image, gr.Checkbox, gr.Image]:
    photo = gr.Image(
        label="Photo",
        elem_id="photo",
        type="filepath",
        format="png",
        sources=["upload", "webcam", "clipboard"],
        height=_HEIGHT,
        placeholder="Drop a photo here, or click to choose one",
        webcam_options=webcam.options(width={"ideal": 1920}, height={"ideal": 1440}),
    )
    explain = gr.Checkbox(
        label="Show where it looked",
        info="Red places speak most for the answer, blue ones least.",
        visible=model.can_explain,
    )
    heat_map = gr.Image(
        label="Where it looked",
        elem_id="heat-map",
        elem_classes=_OF_PHOTO,
        format="jpeg",
        interactive=False,
        visible=False,
        height=_HEIGHT,
        buttons=["download", "fullscreen"],
    )
    return photo, explain, heat_map


def _answer_column(
    model: Classifier,
) -> tuple[gr.Label, gr.Textbox, gr.Textbox, gr.Button, gr.Dropdown]:
    answer = gr.Label(label="Answer", elem_classes=_OF_PHOTO)
    familiarity = gr.Textbox(
        label="Familiarity",
        elem_classes=_OF_PHOTO,
        interactive=False,
        visible=model.min_familiarity is not None,
    )
    time_taken = gr.Textbox(label="Time taken", elem_classes=_OF_PHOTO, interactive=False)
    wrong = gr.Button("That's wrong", elem_classes=_OF_PHOTO, visible=False)
    right_label = gr.Dropdown(
        list(model.labels),
        value=None,
        label="What does it show?",
        info="The photo is kept on the server, for the next training.",
        elem_classes=_OF_PHOTO,
        visible=False,
    )
    return answer, familiarity, time_taken, wrong, right_label


def _classify_with(
    model_of: Callable[[gr.Request], Classifier], correctable: Classifier | None
) -> Callable[[dict[str, Any] | None, bool, gr.Request], list[Any]]:
    def classify(photo: dict[str, Any] | None, explain: bool, request: gr.Request) -> list[Any]:
        model = model_of(request)
        hidden = gr.update(visible=False)
        if not photo:
            return [None, "", "", None, hidden, hidden]
        start = perf_counter()
        pixels = decode_for(Upload(photo).read(), model.metadata.preprocessing)
        middle = perf_counter()
        prediction = model.predict(pixels, explain=explain and model.can_explain)
        end = perf_counter()
        heat_map = None
        if prediction.activation_map is not None:
            best = model.labels.index(prediction.label)
            heat_map = pocketlens.overlay(
                pixels,
                prediction.activation_map,
                best,
                preprocessing=model.metadata.preprocessing,
            )
        label = f"What speaks for {cut(prediction.label)}"
        return [
            answer_of(prediction) if prediction.rejected else dict(prediction.top_k(_MOST_CLASSES)),
            familiarity_text(prediction),
            f"decode {(middle - start) * 1000:.1f} ms, inference {(end - middle) * 1000:.1f} ms, "
            f"{model.providers[0]}",
            gr.update(value=heat_map, visible=explain, label=label),
            gr.update(visible=model is correctable),
            hidden,
        ]

    return classify


def _offer_examples(photo: gr.Image) -> None:
    files = sorted(path for path in EXAMPLES.iterdir() if path.suffix in (".jpg", ".png"))

    def choose(chosen: gr.SelectData) -> str:
        return str(files[chosen.index])

    examples = gr.Gallery(
        [str(path) for path in files],
        label="Examples: choose one",
        elem_id="examples",
        elem_classes="thumbnails",
        object_fit="cover",
        allow_preview=False,
        interactive=False,
        buttons=[],
    )
    examples.select(choose, outputs=photo, api_visibility="private", show_progress="hidden")
    with gr.Accordion("Credits of the examples", open=False):
        gr.Markdown((EXAMPLES / "CREDITS.txt").read_text(encoding="utf-8"))


def _correct(
    corrections: Corrections, photo: gr.Image, wrong: gr.Button, right_label: gr.Dropdown
) -> None:
    def keep(upload: dict[str, Any] | None, label: str | None) -> list[Any]:
        if upload and label:
            gr.Info(corrections.keep(Upload(upload).read(), label))
        return [gr.update(visible=True), gr.update(visible=False)]

    wrong.click(
        lambda: [gr.update(visible=False), gr.update(value=None, visible=True)],
        outputs=[wrong, right_label],
        api_visibility="private",
    )
    right_label.select(
        keep,
        [photo, right_label],
        [wrong, right_label],
        api_visibility="private",
        preprocess=False,
    )

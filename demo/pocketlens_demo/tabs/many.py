"""The tab for many photos or a zip: a table, the least certain ones to look at, a CSV file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from html import escape
from time import monotonic
from typing import Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache

from pocketlens.classifier import Classifier
from pocketlens.errors import PocketLensError
from pocketlens.names import cut
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.folders import PassedOver
from pocketlens.pictures.preprocessing import decode_for
from pocketlens.prediction import Prediction
from pocketlens_demo.bulk import answers, as_csv
from pocketlens_demo.limits import MAX_PICTURES
from pocketlens_demo.uploads import shrunk
from pocketlens_demo.wording import answer_of
from pocketlens_demo.zips import NamedPicture, named_pictures

_THUMBNAILS = 48
_THUMBNAIL_SIDE = 240
_SECONDS_BETWEEN = 0.2
_MOST_COUNTED = 10
_HEADERS = ["photo", "answer", "probability", "familiarity", "problem"]
# A click during an upload waits for its end; uploads.upload must not cancel the run that it begins.
_BEGIN = """
async (uploads) => {
  await new Promise((next) => setTimeout(next));
  window.pocketlensEnded = null;
  return [uploads];
}"""
# In the browser, before the visitor can click again: it cannot clear the answers of a later run.
_END = "() => (window.pocketlensEnded = %s)"
# The server cancels a run some time after the click; Gradio then reports the run as failed.
_END_AGAIN = "() => window.pocketlensEnded ?? []"
_NO_ROWS = {"headers": _HEADERS, "data": [], "metadata": None}


def build(model_of: Callable[[gr.Request], Classifier], concurrency: dict[str, Any]) -> None:
    """Adds the tab's components and events to the page that is being built.

    Args:
        model_of: The model that answers a visitor.
        concurrency: How many visitors are answered at once.
    """

    def classify(uploads: list[dict[str, Any]] | None, request: gr.Request) -> Iterator[list[Any]]:
        model = model_of(request)
        # Clears the answers of an earlier run.
        yield ["", [], [], gr.update(value=None, interactive=False)]
        if not uploads:
            raise gr.Error("Choose photos or a zip file first.", print_exception=False)
        passed = PassedOver()
        pictures = named_pictures(uploads, passed)
        found: list[Prediction | PocketLensError] = []
        shown = 0.0
        for answer in answers(model, pictures):
            found.append(answer)
            if monotonic() - shown > _SECONDS_BETWEEN:
                shown = monotonic()
                # Not gr.Progress: its bar disappears once a generator has yielded, and only a
                # generator can be stopped.
                yield [_bar(len(found), len(pictures)), gr.skip(), gr.skip(), gr.skip()]
        rows = [_row(picture, answer) for picture, answer in zip(pictures, found, strict=True)]
        yield [
            _summary(found, passed.count()),
            [_cells(row) for row in rows],
            _least_certain(model, pictures, found),
            gr.update(value=_csv_file(download, rows), interactive=True),
        ]

    uploads, start, stop = _inputs()
    outputs = _outputs()
    download = outputs[-1]
    event = start.click(
        classify,
        uploads,
        outputs,
        js=_BEGIN,
        **concurrency,
        api_visibility="private",
        preprocess=False,
        show_progress="hidden",
    )
    event.failure(None, outputs=outputs, js=_END_AGAIN, api_visibility="private")
    changes = [uploads.upload, uploads.clear, uploads.delete]
    for triggers, text in ((stop.click, "Stopped."), (changes, "")):
        gr.on(triggers, None, cancels=event, api_visibility="private")
        gr.on(triggers, None, outputs=outputs, js=_END % _nothing(text), api_visibility="private")


def _inputs() -> tuple[gr.File, gr.Button, gr.Button]:
    uploads = gr.File(
        label=f"Photos, or a zip of them (at most {MAX_PICTURES})",
        file_count="multiple",
        file_types=["image", ".zip"],
        height=180,
    )
    with gr.Row():
        return uploads, gr.Button("Classify", variant="primary"), gr.Button("Stop")


def _outputs() -> tuple[gr.HTML, gr.Dataframe, gr.Gallery, gr.DownloadButton]:
    summary = gr.HTML(elem_id="summary", elem_classes="summary")
    table = gr.Dataframe(
        headers=_HEADERS,
        datatype=["str", "str", "number", "number", "str"],
        label="Answers (⋮ in a header sorts)",
        interactive=False,
        show_search="filter",
        max_height=400,
        column_widths=["230px", "200px", "130px", "120px", "536px"],
    )
    gallery = gr.Gallery(
        label=f"Least certain first (at most {_THUMBNAILS})",
        format="jpeg",
        elem_classes="thumbnails",
        object_fit="cover",
        interactive=False,
        buttons=["fullscreen"],
    )
    return summary, table, gallery, gr.DownloadButton("Download as CSV", interactive=False)


def _nothing(summary: str) -> str:
    no_file = {"__type__": "update", "value": None, "interactive": False}
    # page.css hides what Gradio says of the run.
    text = f"<span class='ended'>{summary}</span>"
    return json.dumps([text, _NO_ROWS, [], no_file])


def _bar(done: int, total: int) -> str:
    return (
        f"<progress max='{total}' value='{done}' aria-label='Progress'></progress> "
        f"{done:,} of {total:,}"
    )


def _row(picture: NamedPicture, answer: Prediction | PocketLensError) -> dict[str, Any]:
    if isinstance(answer, Prediction):
        row = {"file": picture.name, "answer": answer_of(answer), **answer.to_dict()}
        # The score of a rejected picture means nothing.
        return row | {"score": None} if answer.rejected else row
    return {"file": picture.name, "error": str(answer)}


def _cells(row: dict[str, Any]) -> list[Any]:
    numbers = [
        None if row.get(key) is None else round(row[key], 4) for key in ("score", "familiarity")
    ]
    return [row["file"], row.get("answer", ""), *numbers, row.get("error", "")]


def _summary(found: list[Prediction | PocketLensError], passed: int) -> str:
    known = [answer_of(answer) for answer in found if isinstance(answer, Prediction)]
    most = sorted(Counter(known).most_common(_MOST_COUNTED))
    counts = [f"{number:,} {cut(name)}" for name, number in most]
    if others := len(known) - sum(number for _, number in most):
        counts.append(f"{others:,} others")
    if unread := len(found) - len(known):
        counts.append(f"{unread:,} could not be read")
    photos = "1 photo" if len(found) == 1 else f"{len(found):,} photos"
    text = f"{photos}: {', '.join(counts)}"
    if passed:
        files = (
            "1 file that is no picture was"
            if passed == 1
            else f"{passed:,} files that are no pictures were"
        )
        text += f". {files} passed over."
    return escape(text)


def _least_certain(
    model: Classifier, pictures: list[NamedPicture], found: list[Prediction | PocketLensError]
) -> list[tuple[Pixels, str]]:
    known = [
        (_certainty(model, answer), picture, answer)
        for picture, answer in zip(pictures, found, strict=True)
        if isinstance(answer, Prediction)
    ]
    known.sort(key=lambda item: item[0])
    shown = []
    for _, picture, answer in known[:_THUMBNAILS]:
        try:
            pixels = decode_for(picture.read(), model.metadata.preprocessing)
        except PocketLensError:  # the upload was removed
            continue
        shown.append((shrunk(pixels, _THUMBNAIL_SIDE), f"{answer_of(answer)} · {picture.name}"))
    return shown


def _certainty(model: Classifier, answer: Prediction) -> float:
    """0 to 1: the distance to the next other answer; for a rejected picture, to being accepted."""
    if answer.rejected and answer.familiarity is not None and model.min_familiarity:
        return 1 - answer.familiarity / model.min_familiarity
    least = 1 / len(model.labels)
    return (answer.score - least) / (1 - least)


def _csv_file(download: gr.DownloadButton, rows: list[dict[str, Any]]) -> str:
    path: str = save_bytes_to_cache(as_csv(rows), "answers.csv", download.GRADIO_CACHE)
    return path

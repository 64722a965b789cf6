"""The tab where a visitor teaches new classes: pictures, learning, and trying it at once."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

import gradio as gr

from pocketlens.errors import PocketLensError
from pocketlens.names import cut
from pocketlens_demo.header import header as draw_header
from pocketlens_demo.script import scripted
from pocketlens_demo.served import Served
from pocketlens_demo.tabs import teach_classes
from pocketlens_demo.tabs.teach_classes import SessionOf
from pocketlens_demo.teaching import cards
from pocketlens_demo.teaching.figure import figure
from pocketlens_demo.teaching.lesson import missing_line
from pocketlens_demo.teaching.sessions import Session, Sessions
from pocketlens_demo.uploads import Upload
from pocketlens_demo.wording import answer_of

_MOST_CLASSES = 5
_STARTING = "starting"
_SECONDS_ON = 600


class _Trial(NamedTuple):
    """What shows answers for photos; `box` is around the rest."""

    box: gr.Column
    photo: gr.Image
    answer: gr.Label
    right_label: gr.Dropdown


class _Lesson(NamedTuple):
    """What starts it and shows how it went; `box` is around what can be done with the model."""

    learn: gr.Button
    result: gr.HTML
    key: gr.HTML
    box: gr.Row
    model: gr.DownloadButton
    use: gr.Button


def build(
    page: gr.Blocks,
    sessions: Sessions,
    header: gr.HTML,
    concurrency: dict[str, Any],
) -> None:
    """Adds the tab's components and events to the page that is being built.

    Args:
        page: It says when a visitor leaves.
        sessions: What each visitor teaches.
        header: Tells the model that answers.
        concurrency: How many photos are answered at once.
    """
    if line := missing_line():
        gr.Markdown(f"Teaching needs more: stop the page, run `{line}`, and start it again.")
        return

    def session_of(request: gr.Request) -> Session:
        return sessions.of(request.session_hash)

    def leave(request: gr.Request) -> None:
        sessions.leave(request.session_hash)

    page.unload(leave)
    with gr.Row(elem_id="teach"):
        with gr.Column(elem_id="teach-view"):
            box = "<div class='live'></div>"
            scripted("teach_camera", box, _SECONDS_ON, elem_id="teach-camera")
            trial = _trial()
        with gr.Column():
            classes = teach_classes.build(session_of)
            lesson = _lesson()
            teach_classes.offer_zip(session_of)
    _learn(session_of, lesson, trial, header)
    _use(session_of, lesson, header)
    _try(session_of, trial, classes, concurrency)


def _trial() -> _Trial:
    with gr.Column(visible=False) as box:
        photo = gr.Image(
            label="Or try a photo",
            elem_id="teach-photo",
            type="filepath",
            sources=["upload", "clipboard"],
            height=200,
        )
        answer = gr.Label(label="Answer", visible=False)
        right_label = gr.Dropdown(
            [],
            label="Wrong? It is",
            info="The photo is added to the class; teach again to learn it.",
            visible=False,
        )
    return _Trial(box, photo, answer, right_label)


def _lesson() -> _Lesson:
    learn = gr.Button("Teach", variant="primary")
    result = gr.HTML(elem_id="teach-result", elem_classes="summary")
    key = gr.HTML(elem_id="taught", elem_classes="script")
    with gr.Row(visible=False) as box:
        model = gr.DownloadButton("Download model")
        use = gr.Button("Use on this page")
    return _Lesson(learn, result, key, box, model, use)


def _learn(session_of: SessionOf, lesson: _Lesson, trial: _Trial, header: gr.HTML) -> None:
    def learn(request: gr.Request) -> Iterator[list[Any]]:
        session = session_of(request)
        unchanged = [gr.skip()] * 5
        try:
            for line in session.teach():
                yield [f"<progress></progress> {escape(line or _STARTING)}", *unchanged]
        except (PocketLensError, OSError) as error:
            # An OSError of the system names a path.
            reason = error if isinstance(error, PocketLensError) else error.strerror
            yield [f"<p class='problem'>{escape(str(reason))}</p>", *unchanged]
            return
        assert session.model is not None
        shown = gr.update(visible=True)
        introduced = _header_of(session) if session.is_used else gr.skip()
        said = figure(session.model.metadata)
        key = f"<i data-key='{session.key}'></i>"
        yield [said, key, shown, shown, str(session.model_file), introduced]

    # Another visitor's lesson may come first.
    lesson.learn.click(
        None,
        outputs=lesson.result,
        js=f"() => '<progress></progress> {_STARTING}'",
        api_visibility="private",
    )
    lesson.learn.click(
        learn,
        outputs=[lesson.result, lesson.key, lesson.box, trial.box, lesson.model, header],
        concurrency_id="teach",
        concurrency_limit=1,
        api_visibility="private",
        show_progress="hidden",
    )


def _header_of(session: Session) -> str:
    assert session.model is not None
    return draw_header([Served(session.model, session.model_file, session.key)], collects=False)


def _use(session_of: SessionOf, lesson: _Lesson, header: gr.HTML) -> None:
    own = header.value

    def use(request: gr.Request) -> list[str]:
        session = session_of(request)
        session.switch()
        if session.is_used and session.model:
            gr.Info("Photo, Live and Many answer by what you have taught, for you alone.")
            return [_header_of(session), "Back to the page's model"]
        return [own, "Use on this page"]

    lesson.use.click(use, outputs=[header, lesson.use], api_visibility="private")


def _try(
    session_of: SessionOf, trial: _Trial, classes: gr.HTML, concurrency: dict[str, Any]
) -> None:
    def classify(photo: dict[str, Any] | None, request: gr.Request) -> list[Any]:
        session = session_of(request)
        if not photo or session.model is None:
            return [gr.update(visible=False)] * 2
        found = session.model.predict(Upload(photo).read())
        scores = dict(found.top_k(_MOST_CLASSES))
        labels = [(cut(label), label) for label in session.pictures.classes()]
        return [
            gr.update(value=answer_of(found) if found.rejected else scores, visible=True),
            gr.update(choices=labels, value=None, visible=True),
        ]

    def correct(photo: dict[str, Any] | None, label: str | None, request: gr.Request) -> str:
        pictures = session_of(request).pictures
        said = cards.add_photo(pictures, photo, label) if photo and label else ""
        return cards.draw(pictures.classes(), said)

    private: dict[str, Any] = {"api_visibility": "private", "preprocess": False}
    trial.photo.change(
        classify, trial.photo, [trial.answer, trial.right_label], **private, **concurrency
    )
    trial.right_label.select(correct, [trial.photo, trial.right_label], classes, **private)

"""The Gradio page."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from time import perf_counter
from typing import Any

# Read by gradio and huggingface_hub on import: nothing of them calls out.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr

from pocketlens.classifier import Classifier
from pocketlens.errors import PocketLensError, SettingError
from pocketlens.familiarity import word
from pocketlens.prediction import Prediction

EXAMPLES = Path(__file__).parent / "examples"
MAX_UPLOAD = "20mb"
NOT_UPLOADED = "Expected an uploaded photo."


def build(model: Classifier, *, with_examples: bool) -> gr.Blocks:
    """Builds the page around a model.

    Args:
        model: What answers.
        with_examples: Whether to offer the shipped photos of cats and dogs.
    """

    def classify(photo: dict[str, Any] | None) -> tuple[dict[str, float] | str, str, str]:
        """Classifies one photo: probabilities or that it is none, familiarity, time taken."""
        if photo is None:
            raise gr.Error("Choose a photo first.", print_exception=False)
        upload = _uploaded_file(photo, Path(image.GRADIO_CACHE))
        start = perf_counter()
        try:
            prediction = model.predict(upload.read_bytes())
        except PocketLensError as error:
            raise gr.Error(str(error), title="No answer", print_exception=False) from error
        milliseconds = (perf_counter() - start) * 1000
        time_taken = f"{milliseconds:.1f} ms on {model.providers[0]}"
        shown = word(model.labels) if prediction.rejected else prediction.scores
        return shown, _familiarity(prediction), time_taken

    def classify_or_clear(
        photo: dict[str, Any] | None,
    ) -> tuple[dict[str, float] | str | None, str, str]:
        return classify(photo) if photo else (None, "", "")

    page = gr.Blocks(title="pocketlens", analytics_enabled=False, delete_cache=(600, 600))
    with page:
        gr.Markdown(f"# pocketlens\n{_introduction(model)}")
        with gr.Row():
            with gr.Column():
                image = gr.Image(
                    label="Photo",
                    type="filepath",
                    format="png",
                    sources=["upload", "webcam", "clipboard"],
                    height=380,
                )
                button = gr.Button("Classify", variant="primary")
                _refuse_urls(image)
            with gr.Column():
                scores = gr.Label(label="Answer", num_top_classes=len(model.labels))
                familiarity = gr.Textbox(
                    label="Familiarity",
                    interactive=False,
                    visible=model.min_familiarity is not None,
                )
                time_taken = gr.Textbox(label="Time to decode and classify", interactive=False)
        # Without gr.Image's own look into the file: it ends in a bare "Error" where the file is no
        # picture, and the runtime never gets to say what is wrong with it.
        button.click(
            classify, image, [scores, familiarity, time_taken], api_name="predict", preprocess=False
        )
        image.change(
            classify_or_clear,
            image,
            [scores, familiarity, time_taken],
            api_visibility="private",
            preprocess=False,
        )
        if with_examples:
            gr.Examples([[str(path)] for path in sorted(EXAMPLES.glob("*.[jp][pn]g"))], image)
            gr.Markdown((EXAMPLES / "CREDITS.txt").read_text(encoding="utf-8"))
    return page


def _familiarity(prediction: Prediction) -> str:
    """In words, and what a rejected picture would be if it had to be one of the classes."""
    if prediction.familiarity is None:
        return ""
    text = f"{prediction.familiarity:.0%} of known pictures looked stranger than this one"
    if not prediction.rejected:
        return text
    best = ", ".join(f"{label} {score:.1%}" for label, score in prediction.top_k(3))
    return f"{text}. If it must be one of them: {best}"


def _uploaded_file(photo: dict[str, Any], cache: Path) -> Path:
    """The file that was uploaded: what a client names may be any path of this machine."""
    file = Path(str(photo.get("path"))).resolve()
    if not file.is_relative_to(cache.resolve()) or not file.is_file():
        raise gr.Error(NOT_UPLOADED, print_exception=False)
    return file


def _refuse_urls(image: gr.Image) -> None:
    """Keeps Gradio from fetching the address that a client names instead of an upload."""
    move = image.async_move_resource_to_block_cache

    async def move_upload(resource: str | Path | None) -> str | None:
        if re.match(r"\w+://", str(resource)):
            raise gr.Error(NOT_UPLOADED, print_exception=False)
        return await move(resource)

    image.async_move_resource_to_block_cache = move_upload  # type: ignore[method-assign, assignment]


def launch(page: gr.Blocks, *, host: str, port: int | None, share: bool) -> None:
    """Serves the page until it is interrupted.

    Raises:
        SettingError: The address or port cannot be listened on.
    """
    page.queue(max_size=64)
    try:
        # Gradio's own message speaks of its parameters.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port or 0), family=family).close()
        _, local_url, share_url = page.launch(
            server_name=f"[{host}]" if ":" in host else host,
            server_port=port,
            share=share,
            max_file_size=MAX_UPLOAD,
            enable_monitoring=False,
            footer_links=["api"],
            quiet=True,
            prevent_thread_lock=True,
        )
    except OSError as error:
        address = f"{host} port {port}" if port else host
        raise SettingError(f"cannot listen on {address} ({error.strerror or error})") from error
    print(f"the page is at {local_url}" + (f" and {share_url}" if share_url else ""), flush=True)
    print("Ctrl-C stops it", flush=True)
    page.block_thread()


def _introduction(model: Classifier) -> str:
    many = len(model.labels) > 20
    classes = f"{len(model.labels)} classes" if many else ", ".join(model.labels)
    text = f"Upload, paste or take a photo. The answer is one of {_as_plain_text(classes)}."
    if accuracy := model.metadata.accuracy_text():
        text += f" Right for {accuracy}."
    return text


def _as_plain_text(text: str) -> str:
    """Labels come from a file: no mark-up, and no picture of another host, may come of them."""
    return re.sub(r"([^\w\s,])", r"\\\1", text)

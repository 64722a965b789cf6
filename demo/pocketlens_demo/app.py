"""The Gradio page."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from time import perf_counter
from typing import Any

# Read by gradio and huggingface_hub on import: nothing of them calls out.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr

from pocketlens.classifier import Classifier
from pocketlens.errors import FileError, PocketLensError

EXAMPLES = Path(__file__).parent / "examples"
MAX_UPLOAD = "20mb"


def build(model: Classifier, *, with_examples: bool) -> gr.Blocks:
    """Builds the page around a model.

    Args:
        model: What answers.
        with_examples: Whether to offer the shipped photos of cats and dogs.
    """

    def classify(photo: dict[str, Any] | None) -> tuple[dict[str, float], str]:
        """Classifies one photo: every class's probability, and the time it took."""
        if photo is None:
            raise gr.Error("Choose a photo first.", print_exception=False)
        start = perf_counter()
        try:
            prediction = model.predict(Path(photo["path"]).read_bytes())
        except PocketLensError as error:
            raise gr.Error(str(error), title="No answer", print_exception=False) from error
        milliseconds = (perf_counter() - start) * 1000
        return prediction.scores, f"{milliseconds:.1f} ms on {model.providers[0]}"

    def classify_or_clear(photo: dict[str, Any] | None) -> tuple[dict[str, float] | None, str]:
        return classify(photo) if photo else (None, "")

    page = gr.Blocks(title="pocketlens", analytics_enabled=False, delete_cache=(600, 600))
    with page:
        gr.Markdown(f"# pocketlens\n{_introduction(model)}")
        with gr.Row():
            with gr.Column():
                photo = gr.Image(
                    label="Photo",
                    type="filepath",
                    format="png",
                    sources=["upload", "webcam", "clipboard"],
                    height=380,
                )
                button = gr.Button("Classify", variant="primary")
            with gr.Column():
                scores = gr.Label(label="Answer", num_top_classes=len(model.labels))
                time_taken = gr.Textbox(label="Time to decode and classify", interactive=False)
        # Without gr.Image's own look into the file: it ends in a bare "Error" where the file is no
        # picture, and the runtime never gets to say what is wrong with it.
        button.click(classify, photo, [scores, time_taken], api_name="predict", preprocess=False)
        photo.change(
            classify_or_clear,
            photo,
            [scores, time_taken],
            api_visibility="private",
            preprocess=False,
        )
        if with_examples:
            gr.Examples([[str(path)] for path in sorted(EXAMPLES.glob("*.[jp][pn]g"))], photo)
            gr.Markdown((EXAMPLES / "CREDITS.txt").read_text(encoding="utf-8"))
    return page


def launch(page: gr.Blocks, *, host: str, port: int | None, share: bool) -> None:
    """Serves the page until it is interrupted.

    Raises:
        FileError: The address or port cannot be listened on.
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
        raise FileError(f"cannot listen on {address} ({error.strerror or error})") from error
    print(f"the page is at {local_url}" + (f" and {share_url}" if share_url else ""), flush=True)
    print("Ctrl-C stops it", flush=True)
    page.block_thread()


def _introduction(model: Classifier) -> str:
    metrics = model.metadata.metrics
    many = len(model.labels) > 20
    classes = f"{len(model.labels)} classes" if many else ", ".join(model.labels)
    text = f"Upload, paste or take a photo. The answer is one of {classes}."
    if metrics:
        low, high = metrics["accuracy_interval"]
        text += (
            f" Right for {metrics['accuracy']:.1%} of {metrics['images']:,} test photos "
            f"(95 % interval {low:.1%} to {high:.1%})."
        )
    return text

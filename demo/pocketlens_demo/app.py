"""The Gradio page."""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter

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

    def classify(photo: str | None) -> tuple[dict[str, float], str]:
        """Classifies one photo: every class's probability, and the time it took."""
        if photo is None:
            raise gr.Error("Choose a photo first.", print_exception=False)
        start = perf_counter()
        try:
            prediction = model.predict(Path(photo).read_bytes())
        except PocketLensError as error:
            raise gr.Error(str(error), title="No answer", print_exception=False) from error
        milliseconds = (perf_counter() - start) * 1000
        return prediction.scores, f"{milliseconds:.1f} ms, {model.providers[0]}"

    page = gr.Blocks(title="pocketlens", analytics_enabled=False, delete_cache=(600, 600))
    with page:
        gr.Markdown(f"# pocketlens\n{_introduction(model)}")
        with gr.Row():
            with gr.Column():
                photo = gr.Image(
                    label="Photo",
                    type="filepath",
                    # The file as it was uploaded: the runtime decodes it, here as elsewhere.
                    image_mode=None,
                    format="png",
                    sources=["upload", "webcam", "clipboard"],
                    height=380,
                )
                button = gr.Button("Classify", variant="primary")
            with gr.Column():
                scores = gr.Label(label="Answer", num_top_classes=len(model.labels))
                time_taken = gr.Textbox(label="Time to decode and classify", interactive=False)
        button.click(classify, photo, [scores, time_taken], api_name="predict")
        photo.input(classify, photo, [scores, time_taken], api_visibility="private")
        if with_examples:
            gr.Examples(
                [[str(path)] for path in sorted(EXAMPLES.glob("*.[jp][pn]g"))],
                photo,
                [scores, time_taken],
                classify,
                run_on_click=True,
                cache_examples=False,
                api_visibility="private",
            )
            gr.Markdown((EXAMPLES / "CREDITS.txt").read_text(encoding="utf-8"))
    return page


def launch(page: gr.Blocks, *, host: str, port: int | None, share: bool) -> None:
    """Serves the page until it is interrupted.

    Raises:
        FileError: The address or port cannot be listened on.
    """
    page.queue(max_size=64)
    try:
        page.launch(
            server_name=host,
            server_port=port,
            share=share,
            max_file_size=MAX_UPLOAD,
            enable_monitoring=False,
            footer_links=["api"],
        )
    except OSError as error:
        raise FileError(f"cannot listen on {host}:{port or '7860 to 7959'} ({error})") from error


def _introduction(model: Classifier) -> str:
    labels = ", ".join(model.labels)
    metrics = model.metadata.metrics
    text = f"Tells {labels} apart."
    if metrics:
        low, high = metrics["accuracy_interval"]
        text += (
            f" Right for {metrics['accuracy']:.1%} of {metrics['images']:,} test photos "
            f"(95 % interval {low:.1%} to {high:.1%})."
        )
    return text

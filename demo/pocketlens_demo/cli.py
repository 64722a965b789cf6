"""`pocketlens demo`."""

from __future__ import annotations

import argparse

from pocketlens.extras import requires_extra
from pocketlens.loading import load_model


def configure(parser: argparse.ArgumentParser) -> None:
    """Open a page that classifies uploaded, pasted or webcam pictures."""
    parser.epilog = "Example: pocketlens demo --model flowers.onnx --port 8080"
    parser.add_argument("--model", metavar="FILE", help=".onnx file (default: cats and dogs)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s)"
    )
    parser.add_argument("--port", type=_port, help="default: the first free one from 7860 on")
    parser.add_argument(
        "--share", action="store_true", help="also open a public address through gradio.live"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serves the page until Ctrl-C; see configure()."""
    model = load_model(arguments.model)
    with requires_extra("demo", "gradio"):
        from pocketlens_demo.app import build, launch
    launch(
        build(model, with_examples=arguments.model is None),
        host=arguments.host,
        port=arguments.port,
        share=arguments.share,
    )
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a port, 1 to 65535")
    return int(text)

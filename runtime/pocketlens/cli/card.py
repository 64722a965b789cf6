"""`pocketlens card`."""

from __future__ import annotations

import argparse
from pathlib import Path

from pocketlens.card import render
from pocketlens.loading import BUNDLED_MODEL, load_model


def configure(parser: argparse.ArgumentParser) -> None:
    """Print a model file's card: data, figures, limits, how to make it again."""
    parser.epilog = "Example: pocketlens card flowers.onnx > MODEL_CARD.md"
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help=".onnx file (default: the bundled model)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the card; see configure()."""
    path = Path(arguments.model or BUNDLED_MODEL)
    metadata = load_model(path).metadata
    print(render(path.name, path.stat().st_size, metadata), end="")
    return 0

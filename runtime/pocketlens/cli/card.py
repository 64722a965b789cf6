"""`pocketlens card`."""

from __future__ import annotations

import argparse

from pocketlens.cli.arguments import add_model
from pocketlens.loading import load_model
from pocketlens.tools.card import render


def configure(parser: argparse.ArgumentParser) -> None:
    """Print a model file's card: data, figures, limits, how to make it again."""
    parser.epilog = "Example: pocketlens card flowers.onnx > MODEL_CARD.md"
    add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the card; see configure()."""
    path = arguments.model
    metadata = load_model(path).metadata
    print(render(path.name, path.stat().st_size, metadata), end="")
    return 0

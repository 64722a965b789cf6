"""`pocketlens info`."""

from __future__ import annotations

import argparse

from pocketlens.cli.arguments import add_model
from pocketlens.loading import load_model
from pocketlens.names import printable
from pocketlens.tools.card import summary


def configure(parser: argparse.ArgumentParser) -> None:
    """Show what a model file says of itself."""
    parser.epilog = "Example: pocketlens info flowers.onnx"
    add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the model's record; see configure()."""
    path = arguments.model
    model = load_model(path)
    metadata = model.metadata
    rows = [("file", str(path)), *summary(path.stat().st_size, metadata)]
    for _, part in metadata.parts():
        rows += part
    versions = ", ".join(f"{name} {version}" for name, version in metadata.versions.items())
    commands = metadata.training.commands() if metadata.training else []
    rows += [("versions", versions), ("made by", "; ".join(commands) or "unknown")]
    rows += [("providers", ", ".join(model.providers))]
    for label, value in rows:
        print(f"{label:<26} {printable(value)}")
    return 0

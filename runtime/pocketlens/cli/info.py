"""`pocketlens info`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from pocketlens.classifier import BUNDLED_MODEL, Classifier, load_model


def configure(parser: argparse.ArgumentParser) -> None:
    """Show what a model file says of itself."""
    parser.epilog = "Example: pocketlens info flowers.onnx"
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help=".onnx file (default: the bundled model)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the model's record; see configure()."""
    path = Path(arguments.model or BUNDLED_MODEL)
    for title, text in _describe(path, load_model(path)).items():
        print(f"{title:<14} {text}")
    return 0


def _describe(path: Path, model: Classifier) -> dict[str, str]:
    metadata = model.metadata
    rows = {
        "file": f"{path} ({path.stat().st_size / 1e6:.2f} MB)",
        "labels": ", ".join(model.labels),
        "preprocessing": _pairs(metadata.preprocessing.to_dict()),
        "architecture": metadata.architecture,
    }
    if metadata.metrics:
        rows["test accuracy"] = metadata.accuracy_text()
        rows["log loss"] = f"{metadata.metrics['log_loss']:.4f}"
    for title in ("parity", "training", "data", "versions"):
        if content := getattr(metadata, title):
            rows[title] = _pairs(content)
    rows["providers"] = ", ".join(model.providers)
    return rows


def _pairs(content: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in content.items())

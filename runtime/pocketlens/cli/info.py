"""`pocketlens info`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from pocketlens.card import int8_table
from pocketlens.classifier import Classifier
from pocketlens.cli.arguments import add_model
from pocketlens.loading import load_model
from pocketlens.names import listed


def configure(parser: argparse.ArgumentParser) -> None:
    """Show what a model file says of itself."""
    parser.epilog = "Example: pocketlens info flowers.onnx"
    add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the model's record; see configure()."""
    path = arguments.model
    for title, text in _describe(path, load_model(path)).items():
        print(f"{title:<14} {text}")
    return 0


def _describe(path: Path, model: Classifier) -> dict[str, str]:
    metadata = model.metadata
    rows = {
        "file": f"{path} ({path.stat().st_size / 1e6:.2f} MB)",
        "labels": listed(model.labels),
        "preprocessing": _pairs(metadata.preprocessing.to_dict()),
        "architecture": metadata.architecture,
    }
    if metadata.metrics:
        rows["test accuracy"] = metadata.accuracy_text()
        rows["log loss"] = f"{metadata.metrics['log_loss']:.4f}"
        rows["calibration"] = (
            f"expected error {metadata.metrics['calibration_error']:.2%} (15 bins)"
        )
    if metadata.familiarity:
        rows["rejects"] = (
            f"below a familiarity of {metadata.familiarity['threshold']:.2f} "
            f"({metadata.familiarity['method']})"
        )
    if text := metadata.rejection_text():
        rows["rejection"] = text
    if metadata.int8:
        rows["int8"] = ", ".join(
            f"{title} {of_int8} (float {of_float})" if of_float else f"{title} {of_int8}"
            for title, (of_float, of_int8) in int8_table(metadata.int8)
        )
    for title in ("parity", "training", "data", "versions"):
        if content := getattr(metadata, title):
            rows[title] = _pairs(content)
    rows["made by"] = str(metadata.training.get("command", "unknown"))
    rows["providers"] = ", ".join(model.providers)
    return rows


def _pairs(content: Mapping[str, object]) -> str:
    """What is no nested record; `pocketlens card` shows those."""
    return ", ".join(
        f"{key} {value}"
        for key, value in content.items()
        if not isinstance(value, dict) and value is not None and key not in ("command", "export")
    )

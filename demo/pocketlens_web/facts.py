"""What a page knows of its model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pocketlens.classifier import Classifier
from pocketlens.errors import ModelError
from pocketlens.metadata import Metadata
from pocketlens.metadata.familiarity import word
from pocketlens.pictures.depth import HIGH_BITS

_MOST_ASKED, _LONGEST_QUESTION = 4, 60


def facts(model: Classifier, file: Path) -> dict[str, Any]:
    """The facts as JSON types, in the page's own words.

    Raises:
        ModelError: A browser cannot do exactly what the model asks for.
    """
    metadata = model.metadata
    _check_recipe(metadata)
    known, record = metadata.familiarity, metadata.selftest
    return {
        "name": name(file),
        "labels": list(model.labels),
        "question": _question(model.labels, known is not None),
        "neither": word(model.labels),
        "right": right(metadata),
        "preprocessing": metadata.preprocessing.to_dict(),
        "familiarity": known
        and {
            "levels": known.levels,
            "quantiles": known.quantiles,
            "threshold": model.min_familiarity,
        },
        "explains": model.can_explain,
        "selftest": record
        and {
            "atol": record.atol,
            "pictures": {key: vars(picture) for key, picture in record.pictures.items()},
        },
        "figures": dict(_figures(metadata, file)),
    }


def name(file: Path) -> str:
    """The file's name in words."""
    words = file.stem.replace("_", " ").replace("-", " ").strip() or file.stem
    return words[:1].upper() + words[1:]


def right(metadata: Metadata) -> str:
    """How many test pictures are answered right, in a few words; "": it is not known."""
    if (metrics := metadata.metrics) is None:
        return ""
    if metrics.accuracy == 1:
        return f"all {metrics.images:,} right"
    return f"{min(metrics.accuracy, 0.999):.1%} right".replace("%", " %")


def _check_recipe(metadata: Metadata) -> None:
    depth = metadata.preprocessing.depth
    if depth != HIGH_BITS:
        raise ModelError(
            f"preprocessing asks for depth={depth!r}, but a browser gives only the 8 high bits of "
            f"pictures of 16 bits; train with --depth {HIGH_BITS}"
        )


def _question(labels: tuple[str, ...], rejects: bool) -> str:
    choices = [*labels, *([word(labels)] if rejects else [])]
    *first, last = choices
    text = f"{', '.join(first)} or {last}?"
    if len(labels) > _MOST_ASKED or len(text) > _LONGEST_QUESTION:
        return f"Which of {len(labels):,} classes is it?"
    return text[:1].upper() + text[1:]


def _figures(metadata: Metadata, file: Path) -> list[tuple[str, str]]:
    height, width = metadata.preprocessing.input_size
    shown = []
    if metrics := metadata.metrics:
        low, high = metrics.accuracy_interval
        between = f"{low:.1%} to {high:.1%}".replace("%", " %")
        error = f"{metrics.calibration_error:.2%}".replace("%", " %")
        shown = [
            (f"of {metrics.images:,} test pictures ({between})", right(metadata)),
            ("calibration error", error),
        ]
    return [
        *shown,
        ("network", f"{metadata.architecture}, {metadata.number_format}"),
        (f"classes, input {width} x {height}", f"{len(metadata.labels):,}"),
        ("model file", f"{file.stat().st_size / 1e6:.2f} MB"),
    ]

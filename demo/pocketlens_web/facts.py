"""What a page knows of its model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pocketlens.classifier import Classifier
from pocketlens.errors import ModelError
from pocketlens.metadata import Metadata
from pocketlens.metadata.familiarity import word
from pocketlens.pictures.depth import HIGH_BITS
from pocketlens.tools.page_words import model_name, question, right


def facts(model: Classifier, file: Path) -> dict[str, Any]:
    """The facts as JSON types, in the page's own words.

    Raises:
        ModelError: A browser cannot do exactly what the model asks for.
    """
    metadata = model.metadata
    _check_recipe(metadata)
    known, record = metadata.familiarity, metadata.selftest
    return {
        "name": model_name(file),
        "labels": list(model.labels),
        "question": question(model.labels, known is not None),
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


def _check_recipe(metadata: Metadata) -> None:
    depth = metadata.preprocessing.depth
    if depth != HIGH_BITS:
        raise ModelError(
            f"preprocessing asks for depth={depth!r}, but a browser gives only the 8 high bits of "
            f"pictures of 16 bits; train with --depth {HIGH_BITS}"
        )


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

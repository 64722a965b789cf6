"""A model that the page shows, and what the browser knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketlens.classifier import Classifier
from pocketlens.metadata import Metadata
from pocketlens.metadata.familiarity import word

_MOST_ASKED, _LONGEST_QUESTION = 4, 60


@dataclass(frozen=True)
class Served:
    """A loaded model.

    Attributes:
        model: Answers for pictures.
        file: The .onnx file.
        key: How the browser names it in its requests.
    """

    model: Classifier
    file: Path
    key: str

    @property
    def name(self) -> str:
        """The file's name in words."""
        words = self.file.stem.replace("_", " ").replace("-", " ").strip() or self.file.stem
        return words[:1].upper() + words[1:]

    def facts(self) -> dict[str, Any]:
        """What the browser knows of it, as JSON types."""
        model, labels = self.model, self.model.labels
        rejects = model.min_familiarity is not None
        return {
            "key": self.key,
            "name": self.name,
            "labels": list(labels),
            "question": _question(labels, rejects),
            "neither": word(labels),
            "threshold": model.min_familiarity,
            "explains": model.can_explain,
        }


def right(metadata: Metadata) -> str:
    """How many test pictures are answered right, in a few words; "": it is not known."""
    if (metrics := metadata.metrics) is None:
        return ""
    if metrics.accuracy == 1:
        return f"all {metrics.images:,} right"
    return f"{min(metrics.accuracy, 0.999):.1%} right".replace("%", " %")


def _question(labels: tuple[str, ...], rejects: bool) -> str:
    choices = [*labels, *([word(labels)] if rejects else [])]
    *first, last = choices
    text = f"{', '.join(first)} or {last}?" if first else f"{last}?"
    if len(labels) > _MOST_ASKED or len(text) > _LONGEST_QUESTION:
        return f"Which of {len(labels):,} classes is it?"
    return text[:1].upper() + text[1:]

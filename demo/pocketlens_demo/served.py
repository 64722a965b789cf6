"""A model that the page shows, and what the browser knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketlens.classifier import Classifier
from pocketlens.metadata.familiarity import word
from pocketlens.tools.page_words import model_name, question


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
        return model_name(self.file)

    def facts(self) -> dict[str, Any]:
        """What the browser knows of it, as JSON types."""
        model, labels = self.model, self.model.labels
        rejects = model.min_familiarity is not None
        return {
            "key": self.key,
            "name": self.name,
            "labels": list(labels),
            "question": question(labels, rejects),
            "neither": word(labels),
            "threshold": model.min_familiarity,
            "explains": model.can_explain,
        }

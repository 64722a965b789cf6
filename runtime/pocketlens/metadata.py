"""What a model says of itself: the schema, written and read here alone.

The same JSON text stands in a training run's record and in the .onnx file's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pocketlens.errors import ModelError
from pocketlens.preprocessing import Preprocessing

SCHEMA_VERSION = 1
KEY = "pocketlens"
"""The key of the JSON text among the .onnx file's metadata."""


@dataclass(frozen=True)
class Metadata:
    """The record that travels inside a model.

    Attributes:
        labels: Class names, in the order of the network's outputs.
        preprocessing: How pixels become the network's input.
        architecture: The name of the network, such as "tutorial".
        metrics: Figures on the test split: "accuracy", "accuracy_interval" (95 %, Wilson),
            "log_loss", "images", "confusion_matrix" (rows are the true classes).
        history: Per epoch: "loss", "accuracy", "val_loss", "val_accuracy".
        training: Settings that make the run again: epochs, batch_size, seed and so on.
        data: Of the pictures: "fingerprint" (SHA-256), "images" of each class, "left_out",
            "split" (the sizes of its parts).
        versions: Of Python and the libraries that trained and exported the model.
        parity: Of the export against Keras: "max_abs_difference", "top1_agreement", "images".
    """

    labels: tuple[str, ...]
    preprocessing: Preprocessing
    architecture: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, list[float]] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    parity: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuses labels that cannot name the outputs."""
        labels = self.labels
        if len(labels) < 2 or not all(isinstance(label, str) and label for label in labels):
            raise ModelError(f"labels are {labels!r}, expected two or more names")
        if not all(map(str.isprintable, labels)):
            raise ModelError(f"labels are {labels!r}, expected printable names")
        if self.metrics and not set(self.metrics) >= _FIGURES:
            raise ModelError(f"metrics are {sorted(self.metrics)}, expected {sorted(_FIGURES)}")
        if len(set(labels)) != len(labels):
            raise ModelError(f"labels are {labels!r}, expected each name once")

    def accuracy_text(self) -> str:
        """The accuracy on the test split in words, with its interval; "" where it is unknown."""
        if not self.metrics:
            return ""
        low, high = self.metrics["accuracy_interval"]
        return (
            f"{self.metrics['accuracy']:.2%} of {self.metrics['images']:,} test pictures "
            f"(95 % interval {low:.2%} to {high:.2%})"
        )

    def with_parity(self, parity: Mapping[str, Any], versions: Mapping[str, str]) -> Metadata:
        """A copy with what the export found, and the versions that it ran with added."""
        return replace(self, parity=parity, versions={**self.versions, **versions})

    def to_json(self) -> str:
        """The record as JSON text."""
        content = {
            "schema_version": SCHEMA_VERSION,
            **vars(self),
            "labels": list(self.labels),
            "preprocessing": self.preprocessing.to_dict(),
        }
        return json.dumps(content, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """Reads what to_json wrote.

        Keys that this version does not know are passed over: within a schema version they only
        inform. Whatever changes an answer raises the schema version.

        Raises:
            ModelError: The text is no such record, or of another schema version.
        """
        try:
            content = json.loads(text)
            version = content["schema_version"]
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"its pocketlens metadata cannot be read ({error!r}); export the model again"
            ) from error
        if version != SCHEMA_VERSION:
            raise ModelError(
                f"its metadata has schema version {version!r}, this pocketlens reads "
                f"{SCHEMA_VERSION}; install a matching pocketlens or export the model again"
            )
        try:
            odd = [key for key in _INFORMATIVE if not isinstance(content[key], dict)]
            if odd:
                raise ModelError(f"its metadata has {', '.join(odd)} that are no JSON objects")
            labels = content["labels"]
            return cls(
                labels=tuple(labels) if isinstance(labels, list) else (),
                preprocessing=Preprocessing.from_dict(content["preprocessing"]),
                architecture=content["architecture"],
                **{key: content[key] for key in _INFORMATIVE},
            )
        except KeyError as error:
            raise ModelError(f"its metadata lacks {error}; export the model again") from error


_FIGURES = {"accuracy", "accuracy_interval", "log_loss", "images", "confusion_matrix"}
_INFORMATIVE = ("metrics", "history", "training", "data", "versions", "parity")

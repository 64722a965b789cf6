"""What a model says of itself: the schema, written and read here alone.

The same JSON text stands in a training run's record and in the .onnx file's metadata.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pocketlens.errors import ModelError
from pocketlens.familiarity import check_record
from pocketlens.names import is_shown
from pocketlens.preprocessing import Preprocessing

SCHEMA_VERSION = 3
_EARLIER: dict[int, dict[str, str]] = {
    1: {"decode": "full", "depth": "high_bits"},
    2: {"depth": "high_bits"},
}
"""Schema versions before, and what they did not say of preprocessing: they knew no other way."""
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
            "log_loss", "calibration_error", "images", "confusion_matrix" (rows are the true
            classes). Of the network in a run's record, of the file itself in an .onnx file; there
            also "risk_coverage", "reliability" and, of the same pictures changed, "robustness".
        history: Per epoch: "loss", "accuracy", "val_loss", "val_accuracy".
        training: Settings that make the run again: epochs, batch_size, seed and so on.
        data: Of the pictures: "fingerprint" (SHA-256), "images" of each class, "left_out",
            "split" (the sizes of its parts).
        versions: Of Python and the libraries that trained and exported the model.
        parity: Of the export against Keras: "max_abs_difference", "top1_agreement", "images".
        calibration: "temperature", and "log_loss" and "calibration_error" on the test split
            "before" and "after" it.
        familiarity: "method", "levels" and "quantiles" of the raw output on validation pictures,
            "threshold", and, where pictures of unseen kinds were given, "auroc" and so on.
        int8: What quantization changed; empty for a float file.
        selftest: "sha256" of all the rest of the file, "pictures" with the probabilities and
            some values of the network input that they gave on the exporting machine, and "atol".
        about: Words of whoever exported the model: data, licences, limits.
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
    calibration: Mapping[str, Any] = field(default_factory=dict)
    familiarity: Mapping[str, Any] = field(default_factory=dict)
    int8: Mapping[str, Any] = field(default_factory=dict)
    selftest: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""

    def __post_init__(self) -> None:
        """Refuses labels that cannot name the outputs."""
        labels = self.labels
        if len(labels) < 2 or not all(isinstance(label, str) and label for label in labels):
            raise ModelError(f"labels are {labels!r}, expected two or more names")
        if not all(map(is_shown, labels)):
            raise ModelError(f"labels are {labels!r}, expected printable names")
        if self.metrics and not set(self.metrics) >= _FIGURES:
            raise ModelError(f"metrics are {sorted(self.metrics)}, expected {sorted(_FIGURES)}")
        if self.familiarity:
            check_record(self.familiarity)
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

    def rejection_text(self) -> str:
        """How well pictures of no class are rejected, in words; "" where it was not measured."""
        found = self.familiarity
        if "auroc" not in found:
            return ""
        area, rejected = found["auroc_interval"], found["outliers_rejected_interval"]
        return (
            f"of {found['outliers']:,} pictures of no class, of kinds unknown to the training, "
            f"{found['outliers_rejected']:.1%} are rejected ({rejected[0]:.1%} to "
            f"{rejected[1]:.1%}), of the test pictures {1 - found['test_accepted']:.1%}; area "
            f"under the ROC curve {found['auroc']:.4f} ({area[0]:.4f} to {area[1]:.4f})"
        )

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
        if isinstance(version, int) and version in _EARLIER:
            content.setdefault("selftest", {})
            if isinstance(content.get("preprocessing"), dict):
                content["preprocessing"] = _EARLIER[version] | content["preprocessing"]
        elif version != SCHEMA_VERSION:
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
                about=str(content["about"]),
                **{key: content[key] for key in _INFORMATIVE},
            )
        except KeyError as error:
            raise ModelError(f"its metadata lacks {error}; export the model again") from error


_FIGURES = {
    "accuracy",
    "accuracy_interval",
    "log_loss",
    "calibration_error",
    "images",
    "confusion_matrix",
}
_INFORMATIVE = (
    "metrics",
    "history",
    "training",
    "data",
    "versions",
    "parity",
    "calibration",
    "familiarity",
    "int8",
    "selftest",
)

"""What predict() answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.errors import check_positive

ActivationMap = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    Attributes:
        label: The most probable class, also where the picture is rejected.
        score: Its probability, 0 to 1.
        scores: The probability of every class, in the order of the model's labels.
        familiarity: The share, 0 to 1, of the validation pictures, which were all of the model's
            classes, that looked less like these classes than this picture does; 0.5 is ordinary, 0
            is stranger than any of them. None where the model has no such output.
        rejected: Whether the familiarity is below the threshold: the picture probably shows none
            of the classes, and the probabilities mean nothing.
        activation_map: float32, h x w x K: how much each place speaks for each class; the mean
            over the places is the class's logit before calibration. None unless asked for by
            predict(..., explain=True).
    """

    label: str
    score: float
    scores: dict[str, float]
    familiarity: float | None = None
    rejected: bool = False
    activation_map: ActivationMap | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_probabilities(
        cls, labels: tuple[str, ...], probabilities: list[float], **more: Any
    ) -> Prediction:
        """Names a row of probabilities; of equal ones the first label wins."""
        score = max(probabilities)
        label = labels[probabilities.index(score)]
        return cls(label, score, dict(zip(labels, probabilities, strict=True)), **more)

    def top_k(self, k: int) -> list[tuple[str, float]]:
        """The k most probable classes as (label, probability), best first.

        Raises:
            SettingError: k is no positive whole number.
        """
        check_positive(k=k)
        return sorted(self.scores.items(), key=lambda item: -item[1])[:k]

    def to_dict(self, top_k: int | None = None) -> dict[str, Any]:
        """The answer as JSON types, without the activation map.

        Args:
            top_k: "scores" holds so many of the most probable classes, best first; None: all
                classes, in the order of the model's labels.

        Raises:
            SettingError: top_k is no positive whole number.
        """
        return {
            "label": self.label,
            "score": self.score,
            "scores": dict(self.scores) if top_k is None else dict(self.top_k(top_k)),
            "rejected": self.rejected,
            "familiarity": self.familiarity,
        }

"""What predict() answers."""

from __future__ import annotations

from dataclasses import dataclass

from pocketlens.errors import SettingError


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    Attributes:
        label: The most probable class.
        score: Its probability, 0 to 1.
        scores: The probability of every class, in the order of the model's labels.
    """

    label: str
    score: float
    scores: dict[str, float]

    @classmethod
    def from_probabilities(cls, labels: tuple[str, ...], probabilities: list[float]) -> Prediction:
        """Names a row of probabilities; of equal ones the first label wins."""
        score = max(probabilities)
        label = labels[probabilities.index(score)]
        return cls(label, score, dict(zip(labels, probabilities, strict=True)))

    def top_k(self, k: int) -> list[tuple[str, float]]:
        """The k most probable classes as (label, probability), best first.

        Raises:
            SettingError: k is no positive whole number.
        """
        if not isinstance(k, int) or k < 1:
            raise SettingError(f"k={k!r}, expected a whole number above 0")
        return sorted(self.scores.items(), key=lambda item: -item[1])[:k]

"""Measured figures in a model's metadata; each part gives itself as rows of label and value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pocketlens.confusion import Balance, balance
from pocketlens.names import listed

Interval: TypeAlias = tuple[float, float]
Row: TypeAlias = tuple[str, str]


def between(interval: Interval) -> str:
    """A 95 % interval of shares in words."""
    return f"{interval[0]:.2%} to {interval[1]:.2%}"


@dataclass(frozen=True)
class Accuracy:
    """The share of right answers and its 95 % interval (Wilson)."""

    accuracy: float
    accuracy_interval: Interval


@dataclass(frozen=True)
class Coverage:
    """Of the share `coverage` that is answered surest: how many are right, and the lowest score."""

    coverage: float
    accuracy: float
    score: float


@dataclass(frozen=True)
class Bin:
    """Answers of about one probability: its mean, how many were right, how many there were."""

    score: float
    accuracy: float
    images: int


@dataclass(frozen=True)
class Metrics(Accuracy):
    """Figures on the test split.

    Attributes:
        log_loss: Mean negative logarithm of the true class's probability.
        calibration_error: Expected calibration error, 15 bins, 0 to 1.
        images: Number of test pictures.
        confusion_matrix: Counts, K x K; rows are the true classes.
        risk_coverage: When only the surest answers are taken; empty in a run's record.
        reliability: Probability against the share of right answers; empty in a run's record.
        robustness: The accuracy on the same pictures changed, such as "grayscale".
    """

    log_loss: float
    calibration_error: float
    images: int
    confusion_matrix: tuple[tuple[int, ...], ...]
    risk_coverage: tuple[Coverage, ...] = ()
    reliability: tuple[Bin, ...] = ()
    robustness: Mapping[str, Accuracy] = field(default_factory=dict)

    def accuracy_text(self) -> str:
        """The accuracy in words, with its interval."""
        return (
            f"{self.accuracy:.2%} of {self.images:,} test pictures "
            f"(95 % interval {between(self.accuracy_interval)})"
        )

    @property
    def balance(self) -> Balance:
        """Balanced accuracy, the majority's share, classes never answered: of the matrix."""
        return balance(self.confusion_matrix)

    def balance_rows(self, labels: Sequence[str]) -> Iterator[Row]:
        """Label and value of what stands beside the accuracy.

        Args:
            labels: The classes of the confusion matrix.
        """
        found = self.balance
        yield (
            "balanced accuracy",
            f"{found.accuracy:.2%} (95 % interval {between(found.interval)}), the mean of the "
            "classes' recalls",
        )
        yield (
            "majority's share",
            f"{found.majority_share:.2%}, right by always answering the commonest class",
        )
        if found.never_answered:
            yield "never answered", listed([labels[place] for place in found.never_answered])

    def rows(self, labels: Sequence[str]) -> Iterator[Row]:
        """Label and value of each figure.

        Args:
            labels: The classes of the confusion matrix.
        """
        yield "test accuracy", self.accuracy_text()
        yield from self.balance_rows(labels)
        for name, found in self.robustness.items():
            yield (
                f"accuracy, {name}",
                f"{found.accuracy:.2%} (95 % interval {between(found.accuracy_interval)})",
            )
        yield "log loss", f"{self.log_loss:.4f}"
        yield "calibration error", f"{self.calibration_error:.2%} (expected, 15 bins)"


@dataclass(frozen=True)
class Fit:
    """How well probabilities fit."""

    log_loss: float
    calibration_error: float


@dataclass(frozen=True)
class Calibration:
    """The temperature in the graph.

    Attributes:
        temperature: What the logits are divided by.
        validation_images: How many pictures it was fitted on.
        before: On the test split without it.
        after: On the test split with it.
    """

    temperature: float
    validation_images: int
    before: Fit
    after: Fit

    def rows(self) -> Iterator[Row]:
        """Label and value of each figure."""
        yield (
            "temperature",
            f"{self.temperature:.3f}, fitted on {self.validation_images:,} pictures that were not "
            "learnt from",
        )
        for name, fit in (("without it", self.before), ("with it", self.after)):
            text = f"log loss {fit.log_loss:.4f}, calibration error {fit.calibration_error:.2%}"
            yield name, f"{text}, on the test pictures"

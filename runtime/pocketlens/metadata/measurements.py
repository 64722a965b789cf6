"""Measured figures in a model's metadata; each part gives itself as rows of label and value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pocketlens.confusion import Balance, balance
from pocketlens.names import listed

Interval: TypeAlias = tuple[float, float]
Row: TypeAlias = tuple[str, str]

CLOSE = 0.1
"""An answer is close where its two highest probabilities differ by less."""


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
            f"{self.temperature:.3f}, fitted on {self.validation_images:,} validation pictures",
        )
        for name, fit in (("without it", self.before), ("with it", self.after)):
            text = f"log loss {fit.log_loss:.4f}, calibration error {fit.calibration_error:.2%}"
            yield name, f"{text}, on the test pictures"


@dataclass(frozen=True)
class Parity:
    """How far the exported float graph is from Keras.

    Attributes:
        max_abs_difference: The largest of a probability.
        top1_agreement: The share of pictures with the same label.
        images: How many pictures were compared.
        atol: The difference of a probability that is allowed.
        batch_sizes: With which they were answered.
        max_rel_difference: The largest of another output, over that output's largest value.
    """

    max_abs_difference: float
    top1_agreement: float
    images: int
    atol: float
    batch_sizes: tuple[int, ...] = ()
    max_rel_difference: float = 0.0

    def rows(self) -> Iterator[Row]:
        """Label and value of each figure."""
        yield (
            "parity with Keras",
            f"a probability differs by at most {self.max_abs_difference:.1e} ({self.atol:g} "
            f"allowed), the label agrees for {self.top1_agreement:.0%} of {self.images} pictures",
        )


@dataclass(frozen=True)
class Int8:
    """What quantization changed; pairs are of the float file and of the int8 file.

    Attributes:
        images: How many test pictures were compared.
        accuracy: Shares of right answers.
        accuracy_interval: Their 95 % intervals.
        bytes: Sizes.
        labels_flipped: The share of pictures with another label.
        max_abs_difference: The largest of a probability.
        latency_ratio: Median time of an inference over that in float, one core.
        close_answers: The share of pictures whose two highest probabilities in float differ by less
            than CLOSE; None in a file of an earlier version, as are the figures that follow.
        log_loss: As in Metrics.
        calibration_error: As in Metrics.
        accuracy_p_value: How likely int8 is by chance as much less accurate as it is (McNemar).
        log_loss_p_value: How likely its log loss is by chance as much higher.
        calibration_p_value: How likely its calibration error is by chance as much higher.
    """

    images: int
    accuracy: tuple[float, float]
    accuracy_interval: tuple[Interval, Interval]
    bytes: tuple[int, int]
    labels_flipped: float
    max_abs_difference: float
    latency_ratio: float
    close_answers: float | None = None
    log_loss: tuple[float, float] | None = None
    calibration_error: tuple[float, float] | None = None
    accuracy_p_value: float | None = None
    log_loss_p_value: float | None = None
    calibration_p_value: float | None = None

    def rows(self) -> Iterator[Row]:
        """Label and value of each figure."""
        for name, share, interval in zip(
            ("float", "int8"), self.accuracy, self.accuracy_interval, strict=True
        ):
            yield (
                f"accuracy, {name}",
                f"{share:.2%} of {self.images:,} test pictures (95 % interval {between(interval)})",
            )
        if self.accuracy_p_value is not None:
            yield "less accurate by chance", f"p = {self.accuracy_p_value:.2f} (McNemar)"
        close = self.close_answers
        yield (
            "labels flipped",
            f"{self.labels_flipped:.2%}"
            + ("" if close is None else f"; {close:.2%} of the answers were close in float"),
        )
        if self.log_loss:
            yield "log loss", "{1:.4f}, float {0:.4f}".format(*self.log_loss)
        if self.calibration_error:
            yield "calibration error", "{1:.2%}, float {0:.2%}".format(*self.calibration_error)
        yield "largest difference", f"{self.max_abs_difference:.4f} of a probability"
        size, small = (count / 1e6 for count in self.bytes)
        yield "size", f"{small:.2f} MB, float {size:.2f} MB"
        yield "latency", f"{self.latency_ratio:.2f} of that in float, one core"

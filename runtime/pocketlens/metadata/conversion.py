"""What became of a network on its way into a file: parity with Keras, and what int8 changed."""

from collections.abc import Iterator
from dataclasses import dataclass

from pocketlens.metadata.measurements import Interval, Row, between

CLOSE = 0.1
"""An answer is close where its two highest probabilities differ by less."""


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

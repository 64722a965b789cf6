"""Whether an int8 file is good enough to be put in place of a float file."""

from __future__ import annotations

from collections.abc import Iterator

from scipy.stats import binomtest

from pocketlens.errors import ExportError
from pocketlens.metadata.conversion import Int8

CHANCE = 0.05
"""What is less likely by chance than this is taken for a loss."""
LOG_LOSS = CALIBRATION_ERROR = 0.02
"""By how much they may rise, however sure it is that they rise."""
FLIPPED = 0.005
"""The share of labels that may flip where no answer is close."""
FLIPPED_OF_CLOSE = 0.5
"""The share of close answers that may flip besides; of corrected files it was .1 to .4."""


class Int8Error(ExportError):
    """An int8 file that is no good."""


def check_int8(found: Int8) -> None:
    """Refuses an int8 file that is worse than float by more than chance, or not faster.

    Raises:
        Int8Error: So it is; the message names each reason.
    """
    reasons = "; ".join(_reasons(found))
    if reasons:
        raise Int8Error(f"int8 is no good: {reasons}; export without --int8")


def _reasons(found: Int8) -> Iterator[str]:
    if _below(found.accuracy_p_value):
        yield (
            "its accuracy is {1:.2%}, in float {0:.2%}".format(*found.accuracy)
            + f", on {found.images} test pictures; by chance p = {found.accuracy_p_value:.3f}"
        )
    for name, pair, p_value, bound in (
        ("log loss", found.log_loss, found.log_loss_p_value, LOG_LOSS),
        (
            "calibration error",
            found.calibration_error,
            found.calibration_p_value,
            CALIBRATION_ERROR,
        ),
    ):
        if pair and pair[1] - pair[0] > bound and _below(p_value):
            yield (
                f"its {name} is {pair[1]:.4f}, in float {pair[0]:.4f} (at most {bound} more "
                f"allowed); by chance p = {p_value:.3f}"
            )
    close = found.close_answers or 0
    allowed = min(1.0, FLIPPED + FLIPPED_OF_CLOSE * close)
    flips = round(found.labels_flipped * found.images)
    if flips and binomtest(flips, found.images, allowed, alternative="greater").pvalue < CHANCE:
        yield (
            f"it flips {flips} of {found.images} labels, {found.labels_flipped:.2%} (about "
            f"{allowed:.2%} allowed, as {close:.2%} of the answers are close in float)"
        )
    if found.latency_ratio >= 1:
        yield (
            f"on this machine it takes {found.latency_ratio:.2f} times as long as float; export on "
            "a machine like the one it is for"
        )


def _below(p_value: float | None) -> bool:
    return p_value is not None and p_value < CHANCE

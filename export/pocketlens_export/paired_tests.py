"""Whether one file is worse than another on the same pictures, or only by chance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, ttest_1samp

from pocketlens.metrics import Classes, Probabilities, calibration_error

_SWAPS = 500


def fewer_right(truth: Classes, first: Probabilities, second: Probabilities) -> float:
    """McNemar's exact test of the pictures that one of the two gets right.

    Returns:
        How likely the second is by chance as much less often right as it is.
    """
    right, right_then = (answers.argmax(axis=1) == truth for answers in (first, second))
    lost, won = int((right & ~right_then).sum()), int((~right & right_then).sum())
    return float(binomtest(lost, lost + won, alternative="greater").pvalue) if lost else 1.0


def larger_mean(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    """Student's paired test.

    Returns:
        How likely the second's mean is by chance as much larger as it is.
    """
    difference = second - first
    if len(difference) < 2 or np.ptp(difference) == 0:
        return 1.0
    return float(ttest_1samp(difference, 0, alternative="greater").pvalue)


def worse_calibrated(truth: Classes, first: Probabilities, second: Probabilities) -> float:
    """A permutation test: the two answers to a picture change places at random.

    Returns:
        How likely the second's calibration error is by chance as much larger as it is.
    """
    random = np.random.default_rng(0)
    found = calibration_error(truth, second) - calibration_error(truth, first)
    as_large = 1
    for _ in range(_SWAPS):
        swap = random.random((len(truth), 1)) < 0.5
        one, other = np.where(swap, second, first), np.where(swap, first, second)
        as_large += calibration_error(truth, other) - calibration_error(truth, one) >= found
    return as_large / (_SWAPS + 1)

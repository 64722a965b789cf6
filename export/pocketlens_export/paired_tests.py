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
    one, other = _right_and_wrong(truth, first), _right_and_wrong(truth, second)
    found = _rise(one, other)
    as_large = sum(
        _rise(np.where(swap, other, one), np.where(swap, one, other)) >= found
        for swap in (random.random((len(truth), 1)) < 0.5 for _ in range(_SWAPS))
    )
    return (as_large + 1) / (_SWAPS + 1)


def _right_and_wrong(truth: Classes, answers: Probabilities) -> Probabilities:
    """All that calibration goes by: the highest probability, first if right and second if not."""
    right = answers.argmax(axis=1) == truth
    return np.asarray(answers.max(axis=1)[:, None] * np.stack([right, ~right], axis=1))


def _rise(one: Probabilities, other: Probabilities) -> float:
    first = np.zeros(len(one), int)
    return calibration_error(first, other) - calibration_error(first, one)

"""Figures about answers, in numpy: train and export state the same figure by the same function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.metadata.measurements import Bin, Coverage, Interval, Metrics

Classes = npt.NDArray[np.intp]
Probabilities = npt.NDArray[np.floating[Any]]

_Z = 1.959963984540054
"""Of a 95 % interval."""

COVERAGES = (1.0, 0.99, 0.95, 0.9, 0.8, 0.7, 0.5)


def evaluate(truth: Classes, probabilities: Probabilities) -> Metrics:
    """Accuracy with its interval, log loss, calibration error and confusion matrix.

    Args:
        truth: The true class of each of N pictures.
        probabilities: N x K; each row sums to 1.
    """
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    right = int((predicted == truth).sum())
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (truth, predicted), 1)
    return Metrics(
        accuracy=right / len(truth),
        accuracy_interval=wilson_interval(right, len(truth)),
        log_loss=log_loss(truth, probabilities),
        calibration_error=calibration_error(truth, probabilities),
        images=len(truth),
        confusion_matrix=tuple(map(tuple, matrix.tolist())),
    )


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): honest near 0 and 1, and for few pictures."""
    share, spread = right / total, _Z * _Z / total
    center = share + spread / 2
    width = _Z * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return (
        0.0 if right == 0 else (center - width) / (1 + spread),
        1.0 if right == total else (center + width) / (1 + spread),
    )


def log_loss(truth: Classes, probabilities: Probabilities) -> float:
    """Mean negative logarithm of the true class's probability, of which 1.2e-7 is the least."""
    return float(log_losses(truth, probabilities).mean())


def log_losses(truth: Classes, probabilities: Probabilities) -> npt.NDArray[np.float64]:
    """What each picture adds to log_loss()."""
    of_truth = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return np.asarray(-np.log(of_truth.clip(min=np.finfo(np.float32).eps)))


def reliability(truth: Classes, probabilities: Probabilities, bins: int = 15) -> tuple[Bin, ...]:
    """How sure and how often right the answers are, by equal-width bins of probability.

    Returns:
        The bins that are not empty.
    """
    score = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.minimum((score * bins).astype(int), bins - 1)
    return tuple(
        Bin(
            score=float(score[place == index].mean()),
            accuracy=float(right[place == index].mean()),
            images=int((place == index).sum()),
        )
        for index in np.unique(place)
    )


def calibration_error(truth: Classes, probabilities: Probabilities) -> float:
    """Expected calibration error (Guo et al. 2017): the mean gap of reliability(), 0 to 1."""
    gaps = [
        each.images * abs(each.accuracy - each.score) for each in reliability(truth, probabilities)
    ]
    return sum(gaps) / len(truth)


def risk_coverage(truth: Classes, probabilities: Probabilities) -> tuple[Coverage, ...]:
    """How often the surest answers are right, when the rest is left to somebody else.

    Returns:
        One for each of COVERAGES.
    """
    score = probabilities.max(axis=1)
    order = np.argsort(-score, kind="stable")
    right = (probabilities.argmax(axis=1) == truth)[order]
    rows = []
    for coverage in COVERAGES:
        count = max(1, round(coverage * len(truth)))
        surest = float(score[order[count - 1]])
        rows.append(Coverage(coverage, float(right[:count].mean()), surest))
    return tuple(rows)


def roc_auc(positive: npt.NDArray[Any], negative: npt.NDArray[Any]) -> tuple[float, Interval]:
    """The chance that a positive scores higher than a negative, and its 95 % interval.

    The interval is that of Hanley and McNeil (1982).
    """
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    ties = np.searchsorted(ordered, positive, "right") - below
    area = float((below + ties / 2).mean() / len(negative))
    pairs_1, pairs_2 = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
    p, n = len(positive), len(negative)
    variance = (area * (1 - area) + (p - 1) * pairs_1 + (n - 1) * pairs_2) / (p * n)
    half = _Z * math.sqrt(max(variance, 0.0))
    return area, (max(0.0, area - half), min(1.0, area + half))

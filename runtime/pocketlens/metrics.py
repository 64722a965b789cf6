"""Figures about answers, in numpy: train and export state the same figure by the same function."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pocketlens.intervals import Z, wilson_interval
from pocketlens.metadata.familiarity import Rejection
from pocketlens.metadata.measurements import Bin, Coverage, Interval, Metrics

Classes = npt.NDArray[np.intp]
Probabilities = npt.NDArray[np.floating[Any]]

COVERAGES = (1.0, 0.99, 0.95, 0.9, 0.8, 0.7, 0.5)


class Outcomes(NamedTuple):
    """What the figures need of the answers for N pictures; each array has N values.

    Attributes:
        truth: The true classes.
        predicted: The most probable ones.
        score: The probabilities of these.
        of_truth: The probabilities of the true classes.
    """

    truth: Classes
    predicted: Classes
    score: Probabilities
    of_truth: Probabilities


def evaluate(truth: Classes, probabilities: Probabilities) -> Metrics:
    """Accuracy with its interval, log loss, calibration error and confusion matrix.

    Args:
        truth: The true class of each of N pictures.
        probabilities: N x K; each row sums to 1.
    """
    of_truth = probabilities[np.arange(len(truth)), truth]
    best = probabilities.argmax(axis=1), probabilities.max(axis=1)
    return evaluate_outcomes(Outcomes(truth, *best, of_truth), probabilities.shape[1])


def evaluate_outcomes(outcomes: Outcomes, classes: int) -> Metrics:
    """What evaluate() gives, without the N x K probabilities."""
    truth, predicted, score, of_truth = outcomes
    right = predicted == truth
    matrix = np.zeros((classes, classes), int)
    np.add.at(matrix, (truth, predicted), 1)
    return Metrics(
        accuracy=int(right.sum()) / len(truth),
        accuracy_interval=wilson_interval(int(right.sum()), len(truth)),
        log_loss=float(_losses(of_truth).mean()),
        calibration_error=_gap(_bins(score, right)),
        images=len(truth),
        confusion_matrix=tuple(map(tuple, matrix.tolist())),
    )


def log_loss(truth: Classes, probabilities: Probabilities) -> float:
    """Mean negative logarithm of the true class's probability, of which 1.2e-7 is the least."""
    return float(log_losses(truth, probabilities).mean())


def log_losses(truth: Classes, probabilities: Probabilities) -> npt.NDArray[np.float64]:
    """What each picture adds to log_loss()."""
    return _losses(probabilities[np.arange(len(truth)), truth])


def reliability(truth: Classes, probabilities: Probabilities) -> tuple[Bin, ...]:
    """How sure and how often right the answers are, by 15 equal-width bins of probability.

    Returns:
        The bins that are not empty.
    """
    return _bins(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)


def calibration_error(truth: Classes, probabilities: Probabilities) -> float:
    """Expected calibration error (Guo et al. 2017): the mean gap of reliability(), 0 to 1."""
    return _gap(reliability(truth, probabilities))


def _losses(of_truth: Probabilities) -> npt.NDArray[np.float64]:
    return np.asarray(-np.log(of_truth.astype(np.float64).clip(min=np.finfo(np.float32).eps)))


def _bins(score: Probabilities, right: npt.NDArray[np.bool_], bins: int = 15) -> tuple[Bin, ...]:
    place = np.minimum((score * bins).astype(int), bins - 1)
    return tuple(
        Bin(
            score=float(score[place == index].mean()),
            accuracy=float(right[place == index].mean()),
            images=int((place == index).sum()),
        )
        for index in np.unique(place)
    )


def _gap(bins: tuple[Bin, ...]) -> float:
    gaps = [each.images * abs(each.accuracy - each.score) for each in bins]
    return sum(gaps) / sum(each.images for each in bins)


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
    half = Z * math.sqrt(max(variance, 0.0))
    return area, (max(0.0, area - half), min(1.0, area + half))


def rejection(
    familiar: npt.NDArray[np.floating[Any]],
    unfamiliar: npt.NDArray[np.floating[Any]],
    threshold: float,
) -> Rejection:
    """How well pictures of no class are told from labelled ones.

    Args:
        familiar: The familiarity of each labelled picture.
        unfamiliar: That of each picture of no class.
        threshold: The familiarity below which a picture is rejected.
    """
    area, interval = roc_auc(familiar, unfamiliar)
    rejected = int((unfamiliar < threshold).sum())
    return Rejection(
        auroc=area,
        auroc_interval=interval,
        outliers=len(unfamiliar),
        outliers_rejected=rejected / len(unfamiliar),
        outliers_rejected_interval=wilson_interval(rejected, len(unfamiliar)),
        test_accepted=float((familiar >= threshold).mean()),
    )


def softmax(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Logits to probabilities, row by row."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))

"""Figures on the test split."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest
from sklearn.metrics import classification_report, confusion_matrix, log_loss

from pocketlens_train.dataset import Indices

Probabilities = npt.NDArray[np.float32]


def evaluate(
    truth: Indices, probabilities: Probabilities, labels: tuple[str, ...]
) -> dict[str, Any]:
    """Accuracy with its interval, log loss and confusion matrix, as JSON types.

    Args:
        truth: The true class of each picture.
        probabilities: N x K, as the network gives them.
        labels: The names of the K classes.
    """
    classes = range(len(labels))
    predicted = probabilities.argmax(axis=1)
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    right = int((predicted == truth).sum())
    return {
        "accuracy": right / len(truth),
        "accuracy_interval": list(wilson_interval(right, len(truth))),
        "log_loss": float(log_loss(truth, exact, labels=classes)),
        "images": len(truth),
        "confusion_matrix": confusion_matrix(truth, predicted, labels=classes).tolist(),
    }


def report(truth: Indices, probabilities: Probabilities, labels: tuple[str, ...]) -> str:
    """scikit-learn's classification report: precision, recall and F1 of each class."""
    predicted = probabilities.argmax(axis=1)
    return str(
        classification_report(
            truth,
            predicted,
            labels=range(len(labels)),
            target_names=labels,
            digits=4,
            zero_division=0,
        )
    )


def wilson_interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): honest near 0 and 1, and for few pictures."""
    interval = binomtest(right, total).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)

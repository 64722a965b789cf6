"""Labels that are probably wrong, by answers to each picture from a head that has not seen it."""

from __future__ import annotations

import numpy as np

from pocketlens.learning.linear_head import Indices
from pocketlens.metrics import Probabilities


def suspected_labels(targets: Indices, probabilities: Probabilities) -> Indices:
    """The pictures whose given class is probably wrong, surest first.

    Confident learning (Northcutt, Jiang and Chuang 2021): a picture counts as one of another class
    where that class is at least as probable as it is, in the mean, for the pictures given as such.

    Args:
        targets: For each of N pictures the class that it is given as.
        probabilities: N x K, out of fold.

    Returns:
        Rows, by the margin of the answer over the given class.
    """
    rows = np.arange(len(targets))
    counts = np.bincount(targets, minlength=probabilities.shape[1])
    own = np.asarray(probabilities[rows, targets], np.float64)
    thresholds = np.bincount(targets, own, minlength=len(counts)) / np.maximum(counts, 1)
    thresholds[counts == 0] = np.inf
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    answers = confident.argmax(axis=1)
    margins = probabilities[rows, answers] - own
    is_other = (confident.max(axis=1) >= 0) & (answers != targets) & (margins > 0)
    found = np.flatnonzero(is_other)
    return np.asarray(found[np.argsort(-margins[found], kind="stable")])

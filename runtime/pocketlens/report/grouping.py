"""Classes in an order in which those that are confused stand together."""

from __future__ import annotations

import numpy as np

from pocketlens.confusion import Matrix

_LEAST = 0.02
"""Confusion of two groups, as a share of their pictures, from which they become one."""
_MOST = 24
"""Classes of a group: of more nobody reads the names."""


def grouped(matrix: Matrix) -> list[list[int]]:
    """Groups of classes that are confused with each other; neighbours are confused the most.

    Average linkage over the rates of confusion: the two groups that are confused most become one,
    with the ends that are confused most put together.

    Args:
        matrix: K x K counts.

    Returns:
        The places of all classes, largest group first; a class that is confused with none is a
        group of its own.
    """
    counts = np.asarray(matrix, float)
    rates = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    near = rates + rates.T
    np.fill_diagonal(near, 0)
    groups: list[list[int]] = [[place] for place in range(len(near))]
    sizes = np.ones(len(near))
    # Between groups: the sum over the pairs of their classes; a group that was taken in is 0.
    sums, means = near.copy(), near.copy()
    while True:
        first, second = map(int, np.unravel_index(means.argmax(), means.shape))
        if means[first, second] < _LEAST:
            break
        groups[first] = _joined(groups[first], groups[second], near)
        groups[second] = []
        sizes[first] += sizes[second]
        sums[first] += sums[second]
        sums[first, first] = 0
        sums[:, first] = sums[first]
        for values in (sums, means):
            values[second] = values[:, second] = 0
        fits = sizes + sizes[first] <= _MOST
        means[first] = means[:, first] = np.where(fits, sums[first] / (sizes * sizes[first]), 0)
    return sorted(filter(None, groups), key=len, reverse=True)


def _joined(left: list[int], right: list[int], near: np.ndarray) -> list[int]:
    ways = [(a, b) for a in (left, left[::-1]) for b in (right, right[::-1])]
    best = max(ways, key=lambda way: near[way[0][-1], way[1][0]])
    return [*best[0], *best[1]]

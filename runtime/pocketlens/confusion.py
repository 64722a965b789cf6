"""What a confusion matrix says of many classes: how each does, and which ones are mixed up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pocketlens.intervals import wilson_interval

Matrix = Sequence[Sequence[int]]
"""Pictures counted: rows are the true classes, columns the answers."""


class ClassFigures(NamedTuple):
    """Shares, 0 to 1, and the number of a class's test pictures."""

    label: str
    precision: float
    recall: float
    f1: float
    pictures: int


class Confusion(NamedTuple):
    """How many of the test pictures of a class, `shown`, were answered with another."""

    shown: str
    answered: str
    mistakes: int
    pictures: int


class Balance(NamedTuple):
    """What the accuracy does not say where classes have unequal numbers of pictures.

    Attributes:
        accuracy: Balanced accuracy: the mean of the recalls of the classes with pictures.
        interval: Its 95 % interval; see balance().
        majority_share: The share of the commonest class: the accuracy of always answering it.
        never_answered: Places of the classes that have pictures, none of any class answered so.
    """

    accuracy: float
    interval: tuple[float, float]
    majority_share: float
    never_answered: tuple[int, ...]


def balance(matrix: Matrix) -> Balance:
    """Balanced accuracy, the majority's share and the classes that are never answered.

    The interval is Wilson's for the number of pictures at which a share has the variance of this
    mean: the sum of the classes' own variances over K squared. So that a class of few pictures, all
    of them right, is not taken for certain, each variance is that of the class with two more
    pictures of mean recall.
    """
    counts = np.asarray(matrix)
    is_tested = counts.sum(axis=1) > 0
    if not is_tested.any():
        return Balance(0.0, (0.0, 1.0), 0.0, ())
    never_answered = tuple(np.flatnonzero(is_tested & (counts.sum(axis=0) == 0)).tolist())
    right, shown = counts.diagonal()[is_tested], counts.sum(axis=1)[is_tested]
    mean = float((right / shown).mean())
    smoothed = (right + 2 * mean) / (shown + 2)
    if 0 < mean < 1:
        variance = float((smoothed * (1 - smoothed) / shown).sum()) / len(shown) ** 2
        effective = mean * (1 - mean) / variance
    else:
        effective = len(shown) ** 2 / float((1 / shown).sum())
    interval = wilson_interval(mean * effective, effective)
    return Balance(mean, interval, float(shown.max() / shown.sum()), never_answered)


def per_class(labels: Sequence[str], matrix: Matrix) -> list[ClassFigures]:
    """The figures of each class, in the order of the labels."""
    counts = np.asarray(matrix)
    right, shown, answered = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    precision, recall = right / np.maximum(1, answered), right / np.maximum(1, shown)
    f1 = 2 * right / np.maximum(1, shown + answered)
    columns = (column.tolist() for column in (precision, recall, f1, shown))
    return [ClassFigures(*row) for row in zip(labels, *columns, strict=True)]


def lowest_recall(labels: Sequence[str], matrix: Matrix, most: int) -> list[ClassFigures]:
    """The classes that are missed most often, worst first, of those with test pictures."""
    tested = [figures for figures in per_class(labels, matrix) if figures.pictures]
    return sorted(tested, key=lambda figures: figures.recall)[:most]


def most_confused(labels: Sequence[str], matrix: Matrix, most: int) -> list[Confusion]:
    """The confusions with the most pictures, largest first."""
    counts = np.array(matrix)
    shown = counts.sum(axis=1).tolist()
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:most]
    rows, columns = (indices.tolist() for indices in np.unravel_index(order, counts.shape))
    return [
        Confusion(labels[row], labels[column], int(counts[row, column]), shown[row])
        for row, column in zip(rows, columns, strict=True)
        if counts[row, column]
    ]

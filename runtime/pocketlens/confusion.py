"""What a confusion matrix says of many classes: how each does, and which ones are mixed up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

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

"""The confusion matrix as a drawing: counts of few classes, a map with groups of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

import numpy as np

from pocketlens.confusion import Matrix
from pocketlens.names import cut
from pocketlens.report.grouping import grouped

_MOST_NAMED = 60
"""With more classes there is no room for names: their groups have numbers."""
_MOST_CELLS = 6000
_LONGEST = 18
_WIDTH = 1000
_TOP_GROUPS = 12


@dataclass(frozen=True)
class Cell:
    """A cell that is not empty, in units of the drawing."""

    x: float
    y: float
    count: int
    is_right: bool
    strength: int
    shown: str
    answered: str


@dataclass(frozen=True)
class Group:
    """Classes that are confused with each other, and where they stand on the diagonal."""

    number: int
    start: float
    side: float
    labels: list[str]
    mistakes: int


@dataclass(frozen=True)
class Drawing:
    """A square of cells.

    Attributes:
        side: Of a cell.
        size: Of the square.
        margin: Of the names at its left and top.
        names: Of the rows and columns, cut; empty where there is no room.
        labels: All classes in the order of the rows.
        cells: Those that are not empty.
        groups: Those of two classes and more, with the most mistakes first.
        left_out: How many cells of the fewest pictures have no room.
    """

    side: float
    size: float
    margin: float
    names: list[str]
    labels: list[str]
    cells: list[Cell]
    groups: list[Group]
    left_out: int

    @property
    def has_counts(self) -> bool:
        """Whether a cell has room for its number."""
        return self.side >= 16

    @property
    def letters(self) -> float:
        """Size of the names."""
        return min(15.0, max(9.0, self.side * 0.62))


def drawing(labels: Sequence[str], matrix: Matrix) -> Drawing:
    """Lays the matrix out; classes without pictures and answers are left out.

    Args:
        labels: The model's.
        matrix: K x K counts; rows are the true classes.
    """
    counts = np.asarray(matrix)
    groups = [
        kept
        for group in grouped(matrix)
        if (kept := [place for place in group if counts[place].any() or counts[:, place].any()])
    ]
    order = [place for group in groups for place in group]
    ordered = counts[np.ix_(order, order)]
    names = [cut(labels[place], _LONGEST) for place in order]
    has_names = len(order) <= _MOST_NAMED
    margin = 12.0
    side = _WIDTH / len(order)
    if has_names:
        # A name takes about 0.6 of its letters' size for each letter.
        side = min(56.0, (_WIDTH - 130) / len(order))
        letters = min(15.0, max(9.0, side * 0.62))
        margin = max(map(_width, names)) * letters * 0.6 + 12
    in_order = [labels[place] for place in order]
    cells = list(_cells(ordered, in_order, side))
    return Drawing(
        side=side,
        size=side * len(order),
        margin=margin,
        names=names if has_names else [],
        labels=in_order,
        cells=cells[:_MOST_CELLS],
        groups=list(_groups(groups, ordered, in_order, side)),
        left_out=len(cells[_MOST_CELLS:]),
    )


def _cells(counts: np.ndarray, labels: Sequence[str], side: float) -> Iterator[Cell]:
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    rows, columns = counts.nonzero()
    for place in np.argsort(-counts[rows, columns], kind="stable").tolist():
        row, column = int(rows[place]), int(columns[place])
        # Most confusions are of a few pictures: without the root they would be invisible.
        strength = 1 + int(min(0.999, np.sqrt(shares[row, column])) * 5)
        yield Cell(
            round(column * side, 1),
            round(row * side, 1),
            int(counts[row, column]),
            row == column,
            strength,
            labels[row],
            labels[column],
        )


def _groups(
    groups: Sequence[Sequence[int]], counts: np.ndarray, labels: Sequence[str], side: float
) -> Iterator[Group]:
    start, found = 0, []
    for group in groups:
        end = start + len(group)
        square = counts[start:end, start:end]
        mistakes = int(square.sum() - square.trace())
        if len(group) > 1:
            found.append((mistakes, start, end))
        start = end
    most_first = sorted(found, reverse=True)[:_TOP_GROUPS]
    for number, (mistakes, start, end) in enumerate(most_first, 1):
        first, length = round(start * side, 1), round((end - start) * side, 1)
        yield Group(number, first, length, list(labels[start:end]), mistakes)


def _width(name: str) -> float:
    return sum(1.7 if east_asian_width(letter) in "WF" else 1 for letter in name)

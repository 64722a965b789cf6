from __future__ import annotations

import pytest

from builders import mistaken_for_the_next
from pocketlens.confusion import lowest_recall, most_confused, per_class

LABELS = ("a", "b", "c", "untested")
MATRIX = [[8, 2, 0, 0], [0, 5, 0, 0], [3, 1, 4, 0], [0, 0, 0, 0]]


def test_figures_of_each_class() -> None:
    a, b, _, untested = per_class(LABELS, MATRIX)
    assert (a.label, a.pictures) == ("a", 10)
    assert a[1:4] == pytest.approx((8 / 11, 0.8, 16 / 21))
    assert b[1:4] == pytest.approx((5 / 8, 1, 10 / 13))
    assert untested == ("untested", 0, 0, 0, 0)


def test_the_worst() -> None:
    assert [row.label for row in lowest_recall(LABELS, MATRIX, 2)] == ["c", "a"]
    assert [row.label for row in lowest_recall(LABELS, MATRIX, 9)] == ["c", "a", "b"]
    assert most_confused(LABELS, MATRIX, 2) == [("c", "a", 3, 8), ("a", "b", 2, 10)]
    assert len(most_confused(LABELS, MATRIX, 9)) == 3
    assert MATRIX[0][0] == 8


def test_a_thousand_classes() -> None:
    labels = [str(number) for number in range(1000)]
    matrix = mistaken_for_the_next(1000)
    matrix[7][3] = 5
    assert most_confused(labels, matrix, 1) == [("7", "3", 5, 15)]
    assert lowest_recall(labels, matrix, 1)[0].label == "7"

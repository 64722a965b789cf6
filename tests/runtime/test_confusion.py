from __future__ import annotations

import numpy as np
import pytest

from builders import mistaken_for_the_next
from pocketlens.confusion import balance, lowest_recall, most_confused, per_class
from pocketlens.intervals import wilson_interval

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


def random_pairs() -> tuple[np.ndarray, np.ndarray]:
    """True and answered classes of 300 pictures, unequal ones, the last of six never answered."""
    random = np.random.default_rng(0)
    truth = random.choice(6, 300, p=[0.4, 0.3, 0.1, 0.1, 0.06, 0.04])
    return truth, np.where(random.random(300) < 0.7, truth, random.integers(0, 5, 300)) % 5


def test_the_figures_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, predicted = random_pairs()
    matrix = metrics.confusion_matrix(truth, predicted).tolist()
    found = balance(matrix)
    assert found.accuracy == pytest.approx(metrics.balanced_accuracy_score(truth, predicted))
    assert found.majority_share == np.bincount(truth).max() / 300
    assert found.never_answered == (5,)
    expected = metrics.precision_recall_fscore_support(truth, predicted, zero_division=0)
    ours = [each[1:] for each in per_class("abcdef", matrix)]
    assert np.array(ours) == pytest.approx(np.stack(expected, axis=1))


def test_balance_is_of_the_classes_with_pictures() -> None:
    found = balance(MATRIX)
    assert found.accuracy == pytest.approx((0.8 + 1 + 0.5) / 3)
    assert found.majority_share == 10 / 23
    assert found.never_answered == ()
    assert balance([[3, 0], [2, 0]]).never_answered == (1,)
    assert balance([[0, 0], [0, 0]]) == (0, (0, 1), 0, ())


def test_interval_of_a_balanced_accuracy() -> None:
    # Of classes of equal size and recall it is nearly that of the accuracy,
    low, high = balance([[80, 20], [20, 80]]).interval
    assert (low, high) == pytest.approx(wilson_interval(160, 200), abs=1e-3)
    # of few pictures in one class nearly half of that class's own,
    low, high = balance([[5000, 0], [5, 20]]).interval
    alone = wilson_interval(20, 25)
    assert high - low == pytest.approx((alone[1] - alone[0]) / 2, rel=0.15)
    # and it is never empty, whole or beyond what a share can be.
    assert balance([[9, 0], [0, 9]]).interval == wilson_interval(18, 18)
    assert balance([[0, 9], [9, 0]]).interval == wilson_interval(0, 18)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    for recalls, pictures in (
        ([0.995, 0.8], [500, 25]),
        ([0.8] * 10, [37] * 10),
        (np.linspace(0.3, 1, 92), [5] * 92),
    ):
        held = 0
        for right in random.binomial(pictures, recalls, (500, len(pictures))):
            matrix = np.diag(right)
            matrix[np.arange(len(right)), np.roll(np.arange(len(right)), 1)] = pictures - right
            low, high = balance(matrix.tolist()).interval
            held += bool(low <= np.mean(recalls) <= high)
        assert 0.9 < held / 500 < 0.99

from __future__ import annotations

import numpy as np
import pytest

from pocketlens.intervals import wilson_interval
from pocketlens.metadata.measurements import Bin, Coverage
from pocketlens.metrics import (
    calibration_error,
    evaluate,
    reliability,
    risk_coverage,
    roc_auc,
)

TRUTH = np.array([0, 0, 1, 1, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7], [0.5, 0.5]], np.float32)


def random_answers(count: int = 500, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    truth = random.integers(0, classes, count)
    logits = random.normal(0, 1, (count, classes)) + 2 * np.eye(classes)[truth]
    return truth, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_figures() -> None:
    figures = evaluate(TRUTH, PROBABILITIES)
    assert figures.accuracy == 0.6
    assert figures.images == 5
    assert figures.confusion_matrix == ((1, 1), (1, 2))
    assert figures.log_loss == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.7, 0.5]).mean(), rel=1e-5)


def test_figures_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, probabilities = random_answers()
    figures = evaluate(truth, probabilities)
    predicted = probabilities.argmax(axis=1)
    assert figures.accuracy == metrics.accuracy_score(truth, predicted)
    assert figures.log_loss == pytest.approx(metrics.log_loss(truth, probabilities))
    matrix = metrics.confusion_matrix(truth, predicted).tolist()
    assert [list(row) for row in figures.confusion_matrix] == matrix
    positive, negative = probabilities[:200, 0], np.round(probabilities[200:, 1], 2)
    expected = metrics.roc_auc_score(
        np.repeat([1, 0], [200, 300]), np.concatenate([positive, negative])
    )
    area, (low, high) = roc_auc(positive, negative)
    assert area == pytest.approx(expected)
    assert low < expected < high


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_wilson_interval(right: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_of_all() -> None:
    assert wilson_interval(20, 20) == pytest.approx((0.8389, 1.0), abs=5e-5)


def test_calibration_error() -> None:
    # Ten answers of 0.75, of which six are right; ten of 0.95, all right.
    truth = np.array([0] * 6 + [1] * 4 + [0] * 10)
    score = np.array([0.75] * 10 + [0.95] * 10)
    probabilities = np.stack([score, 1 - score], axis=1)
    assert calibration_error(truth, probabilities) == pytest.approx((0.15 + 0.05) / 2)
    assert reliability(truth, probabilities) == (
        Bin(0.75, 0.6, 10),
        Bin(pytest.approx(0.95), 1.0, 10),  # type: ignore[arg-type]
    )
    sure = np.array([[1.0, 0.0]] * 4)
    assert calibration_error(np.zeros(4, int), sure) == 0


def test_ties_count_half() -> None:
    assert roc_auc(np.array([1, 2]), np.array([1, 1]))[0] == 0.75


def test_risk_coverage() -> None:
    truth = np.array([0] * 99 + [1])
    score = np.linspace(0.99, 0.6, 100)
    rows = risk_coverage(truth, np.stack([score, 1 - score], axis=1))
    assert rows[0] == Coverage(1.0, 0.99, score[-1])
    assert rows[1].accuracy == 1
    assert rows[-1] == Coverage(0.5, 1.0, score[49])

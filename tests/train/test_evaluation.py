from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from pocketlens_train.evaluation import evaluate, report, wilson_interval

TRUTH = np.array([0, 0, 1, 1, 1])
PROBABILITIES = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7], [0.5, 0.5]], np.float32)


def test_figures() -> None:
    figures = evaluate(TRUTH, PROBABILITIES, ("cat", "dog"))
    assert figures["accuracy"] == 0.6
    assert figures["images"] == 5
    assert figures["confusion_matrix"] == [[1, 1], [1, 2]]
    assert figures["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.7, 0.5]).mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_wilson_interval(right: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=5e-5)


def test_report_names_each_class() -> None:
    text = report(TRUTH, PROBABILITIES, ("cat", "dog"))
    assert "cat" in text
    assert "dog" in text
    assert "0.6000" in text

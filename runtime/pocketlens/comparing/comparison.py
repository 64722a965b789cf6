"""Two answers to each of many pictures -> which of the two is better, and whether by chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pocketlens.comparing.latency import Latency
from pocketlens.comparing.replies import Pair
from pocketlens.intervals import Z, wilson_interval
from pocketlens.metadata.measurements import Accuracy, Interval
from pocketlens.metrics import Outcomes, evaluate_outcomes


@dataclass(frozen=True)
class Difference:
    """The second figure less the first.

    Attributes:
        of: Both figures.
        value: The difference.
        interval: Its 95 % interval, of pairs: the same pictures are behind both figures.
    """

    of: tuple[float, float]
    value: float
    interval: Interval

    @property
    def by_chance(self) -> bool:
        """Whether the interval holds 0."""
        return self.interval[0] <= 0 <= self.interval[1]


@dataclass(frozen=True)
class Comparison:
    """Two models or runs, the first and the second.

    Attributes:
        names: Of both.
        pictures: How many both have answered.
        accuracies: Of both, with their intervals.
        accuracy: Their difference, 0 to 1.
        log_loss: The difference of the log losses.
        calibration_errors: Of both, 0 to 1.
        same: On how many pictures both name the same class.
        gained: Pictures that the second alone has right, the surest first.
        lost: Pictures that the first alone has right, the surest first.
        bytes: The sizes of both files; None of runs.
        latency: What predict() takes; None of runs.
    """

    names: tuple[str, str]
    pictures: int
    accuracies: tuple[Accuracy, Accuracy]
    accuracy: Difference
    log_loss: Difference
    calibration_errors: tuple[float, float]
    same: int
    gained: tuple[Pair, ...]
    lost: tuple[Pair, ...]
    bytes: tuple[int, int] | None = None
    latency: Latency | None = None


def compare_answers(names: tuple[str, str], pairs: Sequence[Pair]) -> Comparison:
    """Compares two answers to each picture.

    Args:
        names: Of the two that answered.
        pairs: At least one.
    """
    right = np.array([pair.right for pair in pairs])
    first, second = (_outcomes(pairs, side) for side in (0, 1))
    metrics = evaluate_outcomes(first, 2), evaluate_outcomes(second, 2)
    losses = -np.log(np.clip([first.of_truth, second.of_truth], np.finfo(np.float32).eps, 1))
    gained = [pair for pair in pairs if pair.right == (False, True)]
    lost = [pair for pair in pairs if pair.right == (True, False)]
    return Comparison(
        names=names,
        pictures=len(pairs),
        accuracies=(_accuracy(right[:, 0]), _accuracy(right[:, 1])),
        accuracy=_difference_of_shares(right, len(gained), len(lost)),
        log_loss=_difference_of_means(losses),
        calibration_errors=(metrics[0].calibration_error, metrics[1].calibration_error),
        same=sum(pair.replies[0].label == pair.replies[1].label for pair in pairs),
        gained=tuple(sorted(gained, key=lambda pair: -pair.replies[1].score)),
        lost=tuple(sorted(lost, key=lambda pair: -pair.replies[1].score)),
    )


def _outcomes(pairs: Sequence[Pair], side: int) -> Outcomes:
    """Right and wrong as two classes: labels and their places may differ between the two."""
    replies = [pair.replies[side] for pair in pairs]
    return Outcomes(
        truth=np.ones(len(pairs), np.intp),
        predicted=np.array([pair.right[side] for pair in pairs], np.intp),
        score=np.array([reply.score for reply in replies]),
        of_truth=np.array([reply.of_truth for reply in replies]),
    )


def _accuracy(right: npt.NDArray[np.bool_]) -> Accuracy:
    count = int(right.sum())
    return Accuracy(count / len(right), wilson_interval(count, len(right)))


def _difference_of_shares(right: npt.NDArray[np.bool_], gained: int, lost: int) -> Difference:
    """The interval is that of Agresti and Min (2005), which holds for few pictures too."""
    shares, count = right.mean(axis=0).tolist(), len(right) + 2
    middle = (gained - lost) / count
    variance = ((gained + lost + 1) / count - middle**2) / count
    half = Z * math.sqrt(variance)
    interval = max(-1.0, middle - half), min(1.0, middle + half)
    return Difference((shares[0], shares[1]), shares[1] - shares[0], interval)


def _difference_of_means(values: npt.NDArray[np.float64]) -> Difference:
    means, gaps = values.mean(axis=1).tolist(), values[1] - values[0]
    half = Z * float(gaps.std(ddof=1)) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.inf
    value = means[1] - means[0]
    return Difference((means[0], means[1]), value, (value - half, value + half))

"""How good a model file is on labelled pictures: measured as they are answered, one by one."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from heapq import heappush, heappushpop
from itertools import tee
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pocketlens.classifier import Classifier
from pocketlens.errors import PocketLensError, SettingError
from pocketlens.intervals import wilson_interval
from pocketlens.metadata.familiarity import Rejection
from pocketlens.metadata.measurements import Interval, Metrics
from pocketlens.metrics import Outcomes, evaluate_outcomes, rejection
from pocketlens.prediction import Prediction

MOST_MISTAKES = 10
OnAnswer = Callable[[str, Prediction | PocketLensError], object]


class Mistake(NamedTuple):
    """A picture that is answered with another class, and the probability of that one."""

    file: str
    shown: str
    answered: str
    score: float


@dataclass(frozen=True)
class Acceptance:
    """What a model does that may reject.

    Attributes:
        rejected: The share of pictures that is rejected at the file's threshold.
        rejected_interval: Its 95 % interval.
        accuracy: The share of right answers among the accepted; None where none is.
    """

    rejected: float
    rejected_interval: Interval
    accuracy: float | None


@dataclass(frozen=True)
class Evaluation:
    """Figures on labelled pictures.

    Attributes:
        metrics: Of the most probable classes, whether rejected or not. Rows of classes without
            pictures are zero.
        acceptance: What is rejected; None where the model cannot reject.
        mistakes: The surest ones, surest first.
        outliers: How pictures of no class are told from these; None where there were none.
    """

    metrics: Metrics
    acceptance: Acceptance | None
    mistakes: tuple[Mistake, ...]
    outliers: Rejection | None = None


class _Tally:
    """Keeps a few numbers of each answer: 25 bytes a picture, for any number of classes."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._places = {label: place for place, label in enumerate(labels)}
        self._truth, self._predicted, self._rejected = array("i"), array("i"), array("b")
        self._score, self._of_truth = array("f"), array("f")
        self.familiarity = array("d")
        self._surest: list[tuple[float, int, Mistake]] = []

    def add(self, place: int, file: str, answer: Prediction) -> None:
        """Counts an answer; `place` is that of the true class."""
        shown = self._labels[place]
        self._truth.append(place)
        self._predicted.append(self._places[answer.label])
        self._score.append(answer.score)
        self._of_truth.append(answer.scores[shown])
        self._rejected.append(answer.rejected)
        if answer.familiarity is not None:
            self.familiarity.append(answer.familiarity)
        if answer.label != shown:
            # Of equally sure ones the first stays.
            entry = (
                answer.score,
                -len(self._truth),
                Mistake(file, shown, answer.label, answer.score),
            )
            if len(self._surest) < MOST_MISTAKES:
                heappush(self._surest, entry)
            else:
                heappushpop(self._surest, entry)

    def evaluation(self) -> Evaluation | None:
        """The figures; None of no picture."""
        if not self._truth:
            return None
        truth, predicted = _values(self._truth, np.intp), _values(self._predicted, np.intp)
        outcomes = Outcomes(truth, predicted, _values(self._score), _values(self._of_truth))
        acceptance = None
        if self.familiarity:
            rejected = _values(self._rejected, np.bool_)
            count, right = int(rejected.sum()), (predicted == truth)[~rejected]
            acceptance = Acceptance(
                count / len(truth),
                wilson_interval(count, len(truth)),
                float(right.mean()) if len(right) else None,
            )
        return Evaluation(
            evaluate_outcomes(outcomes, len(self._labels)),
            acceptance,
            tuple(mistake for *_, mistake in sorted(self._surest, reverse=True)),
        )


def measure(
    model: Classifier,
    pictures: Iterable[tuple[int, str]],
    outliers: Iterable[str] | None,
    on_answer: OnAnswer,
    keep: Callable[[int, str, Prediction], object] | None = None,
) -> Evaluation | None:
    """Answers the pictures and counts, in constant memory but for some numbers a picture.

    An answer is right where the model's most probable class is the true one: an answer with a class
    that has no pictures here is wrong.

    Args:
        model: The loaded file; its threshold rejects.
        pictures: The place of the true class among the model's labels, and the path.
        outliers: Paths of pictures of no class, where there are any.
        on_answer: Is told of each path, and the answer or why there is none.
        keep: Is given each answer that counts, with the place of the true class and the path.

    Returns:
        The figures; None where no picture could be read.

    Raises:
        SettingError: There are outliers, and the model cannot reject.
    """
    if outliers is not None and model.min_familiarity is None:
        raise SettingError(
            "outliers are given, but this model cannot reject; leave them out, or train with "
            "--arch edge"
        )
    tally = _Tally(model.labels)
    places, files = tee(pictures)
    answers = model.predict_many(file for _, file in files)
    for (place, file), answer in zip(places, answers, strict=True):
        on_answer(file, answer)
        if isinstance(answer, Prediction):
            tally.add(place, file, answer)
            if keep:
                keep(place, file, answer)
    evaluation = tally.evaluation()
    if evaluation is None or outliers is None:
        return evaluation
    return replace(
        evaluation, outliers=_measure_outliers(model, outliers, tally.familiarity, on_answer)
    )


def _measure_outliers(
    model: Classifier, outliers: Iterable[str], familiar: array[float], on_answer: OnAnswer
) -> Rejection | None:
    strange = array("d")
    names, files = tee(outliers)
    for file, answer in zip(names, model.predict_many(files), strict=True):
        on_answer(file, answer)
        if isinstance(answer, Prediction) and answer.familiarity is not None:
            strange.append(answer.familiarity)
    if not strange:
        return None
    return rejection(_values(familiar), _values(strange), model.min_familiarity or 0.0)


def _values(numbers: array[Any], dtype: Any = None) -> npt.NDArray[Any]:
    return np.array(numbers, dtype or numbers.typecode)

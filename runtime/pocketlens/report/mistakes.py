"""Which pictures stand for a model's mistakes: by class, by pair, and the surest of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pocketlens.checking.suspected_labels import TIMES, suspected_labels
from pocketlens.confusion import ClassFigures, Matrix, lowest_recall
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.report.thumbnails import Card, Cards

_OF_A_CLASS = 5
_IN_ALL = 220
"""Pictures by class, whatever the number of classes: the page stays below 3 MB."""
_PAIRS, _OF_A_SIDE = 6, 3
_SUREST, _SUSPECTED = 16, 24
_EXAMPLES = 5
_REJECTED = 6
_TAKEN_FOR = 3

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class ClassMistakes:
    """How a class does.

    Attributes:
        figures: Its numbers.
        taken_for: The classes that it is taken for most, and how many of its pictures.
        others: Of how many more of its pictures another class is said.
        cards: Some of its mistakes, surest first.
    """

    figures: ClassFigures
    taken_for: list[tuple[str, int]]
    others: int
    cards: list[Card]


@dataclass(frozen=True)
class Side:
    """Pictures of one class of a pair.

    Attributes:
        shown: What they are given as.
        answered: The other one.
        mistakes: How many are answered with it.
        pictures: How many there are.
        cards: Some of them; right ones where there is no mistake.
    """

    shown: str
    answered: str
    mistakes: int
    pictures: int
    cards: list[Card]


@dataclass(frozen=True)
class Gallery:
    """All pictures of a report.

    Attributes:
        classes: All classes that have pictures, the one with the lowest recall first.
        pairs: Those that are confused most.
        surest: The surest mistakes.
        suspected: Labels that are probably wrong, surest first, without those in `surest`.
        suspects: How many there are with those: the surest of all, `most_suspects` at most.
        right: Some that are answered right, by chance.
        wrong: Likewise wrong.
        strange: The least familiar ones.
        times: So many times as probable as the given class another one is, where it is suspected.
    """

    classes: list[ClassMistakes]
    pairs: list[tuple[Side, Side]]
    surest: list[Card]
    suspected: list[Card]
    suspects: int
    right: list[Card]
    wrong: list[Card]
    strange: list[Card]
    times: int = TIMES
    most_suspects: int = _SUSPECTED


def gallery(tested: LabelledAnswers, labels: Sequence[str], matrix: Matrix, depth: str) -> Gallery:
    """Chooses the pictures and reads them.

    Args:
        tested: The answers. Of pictures that the model has learnt from no label is suspected: it
            has learnt the wrong ones, too.
        labels: The model's.
        matrix: The confusion matrix, whose counts are told.
        depth: How pictures of 16 bits are read; see decode().
    """
    cards = Cards(tested, labels, depth)
    mistakes = tested.mistakes()
    suspected = np.array([], np.intp)
    if not tested.learnt:
        suspected = suspected_labels(tested.targets, tested.probabilities)[:_SUSPECTED]
    cards.mark(suspected)
    surest = mistakes[:_SUREST]
    further = [row for row in suspected if row not in surest]
    strange = np.array([], np.intp)
    if tested.familiarity is not None:
        strange = np.argsort(tested.familiarity, kind="stable")[:_REJECTED]
    random = np.random.default_rng(0)
    right = np.flatnonzero(tested.predicted == tested.targets)
    return Gallery(
        classes=_classes(tested, labels, matrix, cards),
        pairs=_pairs(tested, labels, matrix, cards),
        surest=cards.of(surest),
        suspected=cards.of(further),
        suspects=len(suspected),
        right=cards.of(_some(right, random)),
        wrong=cards.of(_some(mistakes, random)),
        strange=cards.of(strange),
    )


def _some(rows: Rows, random: np.random.Generator) -> Rows:
    return np.asarray(random.permutation(rows)[:_EXAMPLES])


def _classes(
    tested: LabelledAnswers, labels: Sequence[str], matrix: Matrix, cards: Cards
) -> list[ClassMistakes]:
    counts = np.array(matrix)
    np.fill_diagonal(counts, 0)
    places = {label: place for place, label in enumerate(labels)}
    figures = lowest_recall(labels, matrix, len(labels))
    mistakes = tested.mistakes()
    of_class = [mistakes[tested.targets[mistakes] == places[each.label]] for each in figures]
    found = []
    for each, rows, most in zip(figures, of_class, _share_out(of_class), strict=True):
        row = counts[places[each.label]]
        order = np.argsort(-row, kind="stable")[:_TAKEN_FOR]
        taken_for = [(labels[place], int(row[place])) for place in order.tolist() if row[place]]
        others = int(row.sum()) - sum(count for _, count in taken_for)
        found.append(ClassMistakes(each, taken_for, others, cards.of(rows[:most])))
    return found


def _share_out(of_class: Sequence[Rows]) -> list[int]:
    """How many pictures each class gets: one each, then a second, until all are given."""
    given = [0] * len(of_class)
    left = _IN_ALL
    for number in range(_OF_A_CLASS):
        for place, rows in enumerate(of_class):
            if left and number < len(rows):
                given[place] += 1
                left -= 1
    return given


def _pairs(
    tested: LabelledAnswers, labels: Sequence[str], matrix: Matrix, cards: Cards
) -> list[tuple[Side, Side]]:
    counts = np.array(matrix)
    shown = counts.sum(axis=1)
    both = np.triu(counts + counts.T, 1)
    order = np.argsort(-both, axis=None, kind="stable")[:_PAIRS]
    mistakes = tested.mistakes()

    def side(a: int, b: int) -> Side:
        targets, predicted = tested.targets, tested.predicted
        rows = mistakes[(targets[mistakes] == a) & (predicted[mistakes] == b)]
        if not len(rows):
            rows = np.flatnonzero((targets == a) & (predicted == a))
        number = int(counts[a, b])
        return Side(labels[a], labels[b], number, int(shown[a]), cards.of(rows[:_OF_A_SIDE]))

    found = []
    for place in order.tolist():
        a, b = divmod(place, len(labels))
        if both[a, b]:
            first, second = (a, b) if counts[a, b] >= counts[b, a] else (b, a)
            found.append((side(first, second), side(second, first)))
    return found

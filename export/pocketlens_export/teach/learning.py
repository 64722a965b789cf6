"""What is learnt of features: the head, and answers to each picture by one that has not seen it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pocketlens.calibration.gaussians import Gaussians
from pocketlens.cli.printing import print_note
from pocketlens.learning.class_weights import output_weights
from pocketlens.learning.folds import assign_folds, fold_count
from pocketlens.learning.linear_head import (
    Chosen,
    Features,
    Indices,
    LinearHead,
    Logits,
    answer_out_of_fold,
    choose_head,
    fit_head,
)
from pocketlens.names import listed

UNTESTED = -1
STRENGTH = 0.03
"""The usual one, where there is none to choose."""
UNTESTED_STRENGTH = 0.001
"""Of a head that no picture can be tested with: it must not be sure."""
_SEARCHED = 200_000
"""Pictures times classes from which on a try takes so long that none is made."""


@dataclass(frozen=True)
class Task:
    """The N pictures that are learnt from.

    Attributes:
        labels: The K classes.
        targets: For each picture its class.
        groups: Which belong together.
        folds: In which fold each is tested; UNTESTED where its class cannot be.
        weights: How much a picture counts, by class.
    """

    labels: tuple[str, ...]
    targets: Indices
    groups: Indices
    folds: Indices
    weights: npt.NDArray[np.float64]

    @property
    def tested(self) -> Indices:
        """The pictures that are tested."""
        return np.flatnonzero(self.folds != UNTESTED)

    @property
    def untested_labels(self) -> list[str]:
        """The classes of which no picture is."""
        tested = set(self.targets[self.tested].tolist())
        return [label for place, label in enumerate(self.labels) if place not in tested]


@dataclass(frozen=True)
class Learnt:
    """What was learnt.

    Attributes:
        head: Of all pictures.
        gaussians: The classes', for familiarity.
        logits: N x K, out of fold; of the pictures that are tested.
        familiarity: Raw numbers of these, out of fold.
        strength: The head's.
        mirror: Whether it has learnt from mirror images.
    """

    head: LinearHead
    gaussians: Gaussians
    logits: Logits
    familiarity: Features
    strength: float
    mirror: bool


def make_task(
    labels: Sequence[str], targets: Indices, groups: Indices, class_weights: str, seed: int
) -> Task:
    """Plans the folds: classes of one group alone cannot be learnt and tested at once."""
    sizes = np.array([len(np.unique(groups[targets == place])) for place in range(len(labels))])
    tested = np.flatnonzero(sizes >= 2)
    folds = np.full(len(targets), UNTESTED)
    rows = np.flatnonzero(np.isin(targets, tested))
    if len(rows):
        count = min(fold_count(len(rows)), int(sizes.max()))
        own = np.searchsorted(tested, targets[rows])
        names = [labels[place] for place in tested.tolist()]
        folds[rows] = assign_folds(own, groups[rows], names, count, seed)
    weights = output_weights(targets, len(labels), class_weights)
    return Task(tuple(labels), targets, groups, folds, weights)


def learn_head(
    task: Task, plain: Features, mirrored: Features
) -> tuple[LinearHead, Logits, float, bool]:
    """The head, the logits out of fold, its strength, and whether mirror images are learnt from."""
    if not len(task.tested):
        head = fit_head([plain, mirrored], task.targets, task.weights, UNTESTED_STRENGTH)
        return head, np.zeros((0, len(task.labels)), np.float32), UNTESTED_STRENGTH, True
    known = task.targets, task.folds, task.weights
    if len(plain) * len(task.labels) < _SEARCHED:
        chosen = choose_head(plain, mirrored, *known)
    else:
        logits = answer_out_of_fold([plain, mirrored], *known, STRENGTH)
        chosen = Chosen(STRENGTH, True, logits)
    views = [plain, mirrored][: 1 + chosen.mirror]
    head = fit_head(views, task.targets, task.weights, chosen.strength)
    return head, chosen.logits[task.tested], chosen.strength, chosen.mirror


def say_untested(task: Task) -> None:
    """Says of which classes there will be no figure, and what is missing for one."""
    if labels := task.untested_labels:
        print_note(
            f"no figure for {listed(labels)}: expected two or more pictures of each that do not "
            "belong together; add pictures"
        )

"""What a training head first learns, and in which fold each picture is tested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pocketlens.learning.class_weights import output_weights
from pocketlens.learning.folds import assign_folds, merge_repeats, named_groups
from pocketlens.learning.linear_head import Features, Indices, Logits
from pocketlens.metrics import Probabilities, log_losses, softmax
from pocketlens_train.plan import Plan
from pocketlens_train.splits import Splits


@dataclass(frozen=True)
class Task:
    """What is to be learnt.

    Attributes:
        targets: For each picture its class, in the order of the splits' inputs; outliers are the
            class after the last.
        folds: In which fold each is tested; -1 for those that are only learnt from. Where one part
            is held out it is all that is tested, in fold 0, and is never learnt from.
        weights: How much a picture counts, by class.
        groups: For each picture that is tested which belong together.
    """

    targets: Indices
    folds: Indices
    weights: npt.NDArray[np.float64]
    groups: Indices

    @property
    def count(self) -> int:
        """The number of folds."""
        return int(self.folds.max()) + 1

    @property
    def last(self) -> int | None:
        """The fold that the network to keep has not learnt from: None, or what is held out."""
        return None if self.count > 1 else 0

    @property
    def tested(self) -> Indices:
        """The pictures that are tested."""
        return np.flatnonzero(self.folds >= 0)

    def split(self, fold: int | None) -> tuple[Indices, Indices]:
        """The pictures that are learnt from and those that are tested in a fold; in None none."""
        if fold is None:
            return np.arange(len(self.folds)), np.arange(0)
        return np.flatnonzero(self.folds != fold), np.flatnonzero(self.folds == fold)

    def smooth_targets(self, smoothing: float) -> npt.NDArray[np.float32]:
        """N x outputs: what to answer, times what the picture counts."""
        exact = np.eye(len(self.weights))[self.targets]
        return self._weighted(exact * (1 - smoothing) + smoothing / len(self.weights))

    def taught_targets(self, answers: Probabilities, share: float) -> npt.NDArray[np.float32]:
        """The same, with a teacher's answers to the first pictures: all that are learnt from."""
        exact = np.eye(len(self.weights))[self.targets]
        exact[: len(answers)] *= 1 - share
        exact[: len(answers)] += share * answers
        return self._weighted(exact)

    def _weighted(self, targets: Probabilities) -> npt.NDArray[np.float32]:
        return np.asarray(targets * self.weights[self.targets, None], np.float32)

    def loss(self, logits: Logits, rows: Indices) -> npt.NDArray[np.float64]:
        """The log loss of each of some pictures, times what it counts."""
        truth = self.targets[rows]
        return log_losses(truth, softmax(logits)) * self.weights[truth]


def make_task(plan: Plan, splits: Splits, features: Features) -> Task:
    """Settles it for the pictures of a training.

    Args:
        plan: Of a training head first.
        splits: The pictures.
        features: Of the splits' inputs, by the frozen network.

    Raises:
        DatasetError: A class cannot be learnt and tested.
    """
    settings, targets = plan.settings, np.asarray(splits.pictures.targets)
    learnt = splits.targets[splits.learnt]
    weights = output_weights(learnt, len(plan.labels) + plan.has_outliers, settings.class_weights)
    if plan.folds == 1:
        held_out = splits.validation.targets
        folds = np.repeat([-1, 0], [len(learnt), len(held_out)])
        every = np.concatenate([learnt, held_out])
        return Task(every, folds, weights, groups=np.arange(len(held_out)))
    groups = named_groups(splits.pictures.files, settings.groups)
    if not settings.keep_repeats:
        groups = merge_repeats(groups, features[: len(targets)], targets)
    folds = assign_folds(targets, groups, plan.labels, plan.folds, settings.seed)
    outliers = len(splits.outlier_rows)
    return Task(learnt, np.concatenate([folds, np.full(outliers, -1)]), weights, groups)

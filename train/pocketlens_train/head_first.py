"""A folder of some hundreds or thousands of pictures: a linear head first, then the last blocks.

The head is fitted on frozen features, then the last blocks are fine-tuned from it (LP-FT, Kumar et
al. 2022), and the network that is kept lies between the two (WiSE-FT, Wortsman et al. 2022), as far
as pictures say that it has not seen: every picture is tested once, in a fold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from pocketlens.calibration.gaussians import familiarity_out_of_fold
from pocketlens.learning.class_weights import output_weights
from pocketlens.learning.folds import assign_folds, merge_repeats, named_groups
from pocketlens.learning.linear_head import (
    Features,
    Indices,
    LinearHead,
    Logits,
    choose_head,
    fit_head,
)
from pocketlens.metadata.provenance import HeadFirst
from pocketlens.metrics import evaluate, log_losses, softmax
from pocketlens.run_folder import OutOfFold
from pocketlens_train.frozen_features import frozen_features, keep_activations
from pocketlens_train.interruption import Interruption
from pocketlens_train.outcome import Outcome
from pocketlens_train.plan import Plan
from pocketlens_train.recipe import TailRecipe
from pocketlens_train.splits import HeldOut, Splits
from pocketlens_train.stages import Stages
from pocketlens_train.tail import Kept, Tail, Weights

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How far from the frozen network, 0, to the fine-tuned one, 1."""
_TRUNK, _STEP = 0.7, 0.45
"""What the frozen blocks, and a step of the others, take of the whole network's answer."""


@dataclass(frozen=True)
class _Task:
    """What is to be learnt.

    Attributes:
        targets: For each picture its class; outliers come last and are the class after the last.
        folds: In which fold each is tested; -1 for those that are only learnt from.
        weights: How much a picture counts, by class.
        groups: For each picture but the outliers which belong together.
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
        smooth = exact * (1 - smoothing) + smoothing / len(self.weights)
        return np.asarray(smooth * self.weights[self.targets, None], np.float32)

    def loss(self, logits: Logits, rows: Indices) -> npt.NDArray[np.float64]:
        """The log loss of each of some pictures, times what it counts."""
        truth = self.targets[rows]
        return log_losses(truth, softmax(logits)) * self.weights[truth]


@dataclass(frozen=True)
class _Fold:
    """A tail that has not seen one fold.

    Attributes:
        trained: Its weights.
        history: "loss", "accuracy", "val_loss" and "val_accuracy" of each epoch.
        answers: For each of SHARES the logits of the fold's pictures.
    """

    trained: Weights
    history: dict[str, list[float]]
    answers: list[Logits]


class _Course:
    """A training on its way from features to the network to keep."""

    def __init__(
        self, model: Any, plan: Plan, splits: Splits, out: Path, check: Callable[[], None]
    ) -> None:
        self.model, self.plan, self.splits, self.out, self.check = model, plan, splits, out, check
        begun = time.monotonic()
        self.frozen = frozen_features(model, splits, check)
        self._seconds = time.monotonic() - begun
        self.task = _task(plan, splits, self.frozen.plain)
        views = self.frozen.plain, self.frozen.mirrored
        task = self.task
        self.chosen = choose_head(*views, task.targets, task.folds, task.weights)
        self.stages = Stages(out, plan.fixed() | splits.fingerprints)
        self._heads: dict[int | None, LinearHead] = {}

    def seconds_to_go(self, recipe: TailRecipe) -> float:
        """About how long the fine-tuning takes, from what the features took."""
        passes = (self.task.count + 1) * recipe.epochs
        # The features were two answers of the whole network for each picture.
        return self._seconds / 2 * (_TRUNK * recipe.variants + _STEP * passes)

    def head(self, fold: int | None) -> LinearHead:
        """The frozen network's, fitted without a fold."""
        if fold not in self._heads:
            learnt, _ = self.task.split(fold)
            views = [self.frozen.plain, self.frozen.mirrored][: 1 + self.chosen.mirror]
            of_learnt = [view[learnt] for view in views]
            weights, strength = self.task.weights, self.chosen.strength
            self._heads[fold] = fit_head(of_learnt, self.task.targets[learnt], weights, strength)
        return self._heads[fold]

    def keep(self, tail: Tail) -> Kept:
        """What the frozen blocks before a tail make of the pictures."""
        recipe, preprocessing = tail.recipe, self.plan.preprocessing
        augmentation = replace(recipe.augmentation, mirror=self.chosen.mirror)
        cache = self.out / f"crops-{recipe.first_block}.npy"
        tail.recipe = replace(recipe, augmentation=augmentation)
        return keep_activations(
            tail, self.splits, preprocessing, self.plan.settings.seed, cache, self.check
        )

    def train(self, tail: Tail, kept: Kept, fold: int | None) -> tuple[Weights, dict[str, Any]]:
        """Fits a tail without a fold, or finds it among the stages."""
        name = f"block-{tail.recipe.first_block}-fold-{'none' if fold is None else fold}"
        saved = self.stages.load(name)
        if saved is None:
            learnt, tested = self.task.split(fold)
            targets = self.task.smooth_targets(tail.recipe.label_smoothing)
            history = tail.fit(
                kept,
                targets,
                learnt,
                tested,
                self.head(fold),
                seed=self.plan.settings.seed,
                after_step=self.check,
            )
            saved = {str(i): weight for i, weight in enumerate(tail.weights())}
            self.stages.save(name, saved | {f"history-{k}": v for k, v in history.items()})
            return list(saved.values()), history
        history = {k.removeprefix("history-"): list(v) for k, v in saved.items() if "-" in k}
        return [weight for name, weight in saved.items() if "-" not in name], history

    def train_fold(self, tail: Tail, kept: Kept, fold: int) -> _Fold:
        """Fits a tail without a fold and asks it about the fold's pictures."""
        trained, history = self.train(tail, kept, fold)
        _, tested = self.task.split(fold)
        answers = [self.chosen.logits[tested]]
        for share in SHARES[1:]:
            tail.mix(self.head(fold), trained, share)
            answers.append(tail.answer(kept.plain[tested])[0])
        return _Fold(trained, history, answers)


def fit_head_first(
    model: Any,
    plan: Plan,
    recipe: TailRecipe,
    splits: Splits,
    out: Path,
    publish: Callable[[Outcome], Any],
) -> Outcome:
    """Trains a network and tests each picture by one that has not seen it.

    Args:
        model: From the plan's build(); its weights change.
        plan: How to train.
        recipe: The plan's, of the last blocks.
        splits: The pictures.
        out: The run folder, for caches and stages.
        publish: Called with the frozen network and its head: the first that can be used.

    Raises:
        DatasetError: A class cannot be learnt and tested.
        FileError: There is no room for the caches.
        ModelError: The loss is no longer a number.
        KeyboardInterrupt: Ctrl-C; --resume goes on from the last whole fold.
    """
    with Interruption() as interruption:
        course = _Course(model, plan, splits, out, interruption.check)
        first = frozen_outcome(course)
        _say("linear head on frozen features", first)
        publish(first)
        minutes = max(1, round(course.seconds_to_go(recipe) / 60))
        print(f"{out}: usable from now on; fine-tuning takes about {minutes} min", flush=True)
        tail = Tail(model, recipe)
        kept = course.keep(tail)
        done = [
            course.train_fold(tail, kept, fold)
            for fold in tqdm(range(course.task.count), "folds", unit="fold", disable=None)
        ]
        last = tuned_outcome(course, tail, kept, done)
        _say("fine-tuned from it", last)
        return last


def _task(plan: Plan, splits: Splits, features: Features) -> _Task:
    settings, targets = plan.settings, np.asarray(splits.pictures.targets)
    groups = named_groups(splits.pictures.files, settings.groups)
    if not settings.keep_repeats:
        groups = merge_repeats(groups, features[: len(targets)], targets)
    folds = assign_folds(targets, groups, plan.labels, plan.folds, settings.seed)
    outliers = len(splits.outlier_rows)
    every = splits.targets
    outputs = len(plan.labels) + plan.has_outliers
    return _Task(
        targets=every,
        folds=np.concatenate([folds, np.full(outliers, -1)]),
        weights=output_weights(every, outputs, settings.class_weights),
        groups=groups,
    )


def frozen_outcome(course: _Course) -> Outcome:
    """The frozen network with its head."""
    features = [course.frozen.bottleneck] * course.task.count
    weights = {}
    for fold in (None, 0):
        course.head(fold).put_into(course.model.get_layer("activation_map"))
        weights[fold] = course.model.get_weights()
    return _outcome(course, weights[None], weights[0], course.chosen.logits, features, 0.0, None)


def tuned_outcome(course: _Course, tail: Tail, kept: Kept, done: Sequence[_Fold]) -> Outcome:
    """The network between the frozen and the fine-tuned one that does best."""
    task = course.task
    rows = [task.split(fold)[1] for fold in range(task.count)]
    losses = np.array(
        [
            [task.loss(answer, tested).sum() for answer in fold.answers]
            for fold, tested in zip(done, rows, strict=True)
        ]
    )
    place = int(losses.sum(axis=0).argmin())
    # Of each fold the share that the other folds would choose: it has not been chosen by its own.
    others = (losses.sum(axis=0) - losses).argmin(axis=1)
    logits = np.zeros_like(course.chosen.logits)
    for fold, tested, best in zip(done, rows, others, strict=True):
        logits[tested] = fold.answers[best]
    features = []
    for number, fold in enumerate(done):
        tail.mix(course.head(number), fold.trained, SHARES[place])
        features.append(tail.answer(kept.plain)[1])
        if number == 0:
            held_out = course.model.get_weights()
    trained = course.train(tail, kept, None)[0] if place else []
    tail.mix(course.head(None), trained, SHARES[place])
    weights = course.model.get_weights()
    return _outcome(course, weights, held_out, logits, features, SHARES[place], (tail, done))


def _outcome(
    course: _Course,
    weights: list[Any],
    held_out: list[Any],
    logits: Logits,
    features: Sequence[Features],
    share: float,
    tuned: tuple[Tail, Sequence[_Fold]] | None,
) -> Outcome:
    task, splits, labels = course.task, course.splits, len(course.plan.labels)
    known = task.tested
    files = splits.pictures.files
    tested = HeldOut(splits.validation.folder, files, splits.inputs[0], task.targets[known])
    familiarity = None
    if not course.plan.has_outliers:
        familiarity = familiarity_out_of_fold(features, task.targets, task.folds)
    history: dict[str, list[float]] = {}
    if tuned:
        for name in tuned[1][0].history:
            history[name] = np.mean([fold.history[name] for fold in tuned[1]], axis=0).tolist()
    own = splits.test
    return Outcome(
        weights=weights,
        history=history,
        learnt=files,
        tested=tested,
        probabilities=softmax(logits[known][:, :labels]),
        held_out=None if own.files else held_out,
        unseen=own.files or tuple(files[row] for row in task.split(0)[1]),
        unseen_folder=own.folder,
        out_of_fold=OutOfFold(logits[known], familiarity),
        head_first=HeadFirst(
            folds=task.count,
            strength=course.chosen.strength,
            mirror=course.chosen.mirror,
            class_weights=course.plan.settings.class_weights,
            tuned_share=share,
            first_block=tuned[0].recipe.first_block if tuned and share else None,
            grouped=len(known) - len(np.unique(task.groups)),
        ),
    )


def _say(what: str, outcome: Outcome) -> None:
    metrics = evaluate(outcome.tested.targets, outcome.probabilities)
    print(f"{what}: right for {metrics.accuracy_text()}, each in a fold of its own", flush=True)

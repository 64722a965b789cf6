"""A training head first on its way: features, heads and tails, each without one of the folds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pocketlens.learning.linear_head import (
    Features,
    Indices,
    LinearHead,
    Logits,
    choose_head,
    fit_head,
)
from pocketlens.metrics import softmax
from pocketlens_train.batches import Targets
from pocketlens_train.distillation import SHARE, TEMPERATURE
from pocketlens_train.frozen_features import frozen_features, keep_activations
from pocketlens_train.head_first_task import make_task
from pocketlens_train.head_start import STRENGTH, teacher_features
from pocketlens_train.plan import Plan
from pocketlens_train.recipe import TailRecipe
from pocketlens_train.splits import Splits
from pocketlens_train.stages import Stages
from pocketlens_train.tail import Kept, Tail, Weights

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How far from the frozen network, 0, to the fine-tuned one, 1."""
_TRUNK, _STEP, _TEACHER = 0.7, 0.45, 3
"""What the frozen blocks, a step of the others and a teacher take of the whole answer."""


@dataclass(frozen=True)
class Fold:
    """A tail that has not seen one fold.

    Attributes:
        trained: Its weights.
        history: "loss", "accuracy", "val_loss" and "val_accuracy" of each epoch.
        answers: For each of SHARES the logits of the fold's pictures.
    """

    trained: Weights
    history: dict[str, list[float]]
    answers: list[Logits]


class Course:
    """A training on its way from features to the network to keep."""

    def __init__(
        self, model: Any, plan: Plan, splits: Splits, out: Path, check: Callable[[], None]
    ) -> None:
        self.model, self.plan, self.splits, self.out, self.check = model, plan, splits, out, check
        begun = time.monotonic()
        self.frozen = frozen_features(model, splits, check)
        self._seconds = time.monotonic() - begun
        self.task = make_task(plan, splits, self.frozen.plain)
        views = self.frozen.plain, self.frozen.mirrored
        task = self.task
        self.chosen = choose_head(*views, task.targets, task.folds, task.weights)
        rate = {"learning_rate": plan.tail and plan.tail.learning_rate}
        # By --keep-repeats, for one, other pictures are tested together.
        folds = {"tested": task.folds.tolist()}
        self.stages = Stages(out, plan.fixed() | splits.fingerprints | rate | folds)
        self._heads: dict[int | None, LinearHead] = {}
        self._teacher: Features | None = None

    def seconds_to_go(self, recipe: TailRecipe) -> float:
        """About how long the fine-tuning takes, from what the features took."""
        passes = (self.task.count + (self.task.last is None)) * recipe.epochs
        # The features were two answers of the whole network for each picture.
        teacher = _TEACHER if recipe.head_teacher else 0
        return self._seconds / 2 * (_TRUNK * recipe.variants + _STEP * passes + teacher)

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
            targets = self._targets(tail.recipe, learnt)
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

    def _targets(self, recipe: TailRecipe, learnt: Indices) -> Targets:
        if recipe.head_teacher is None:
            return self.task.smooth_targets(recipe.label_smoothing)
        if self._teacher is None:
            self._teacher = teacher_features(
                recipe.head_teacher, self.plan, self.splits, self.check
            )
        targets, weights = self.task.targets[learnt], self.task.weights
        head = fit_head([self._teacher[learnt]], targets, weights, STRENGTH)
        return self.task.taught_targets(softmax(head.logits(self._teacher) / TEMPERATURE), SHARE)

    def train_fold(self, tail: Tail, kept: Kept, fold: int) -> Fold:
        """Fits a tail without a fold and asks it about the fold's pictures."""
        trained, history = self.train(tail, kept, fold)
        _, tested = self.task.split(fold)
        answers = [self.chosen.logits[tested]]
        for share in SHARES[1:]:
            tail.mix(self.head(fold), trained, share)
            answers.append(tail.answer(kept.plain[tested])[0])
        return Fold(trained, history, answers)

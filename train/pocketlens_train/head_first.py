"""A folder of some hundreds or thousands of pictures: a linear head first, then the last blocks.

The head is fitted on frozen features, then the last blocks are fine-tuned from it (LP-FT, Kumar et
al. 2022), and the network that is kept lies between the two (WiSE-FT, Wortsman et al. 2022), as far
as pictures say that it has not seen: every picture is tested once, in a fold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketlens.calibration.gaussians import familiarity_out_of_fold
from pocketlens.calibration.temperature import best_temperature
from pocketlens.learning.linear_head import Features, Logits
from pocketlens.metadata.provenance import HeadFirst
from pocketlens.metrics import evaluate, softmax
from pocketlens.run_folder import OutOfFold
from pocketlens_train.answers import answer
from pocketlens_train.head_first_course import SHARES, Course, Fold
from pocketlens_train.head_first_task import Task
from pocketlens_train.held_out import HeldOut
from pocketlens_train.interruption import Interruption
from pocketlens_train.outcome import Outcome
from pocketlens_train.plan import Plan
from pocketlens_train.recipe import TailRecipe
from pocketlens_train.splits import Splits
from pocketlens_train.tail import Kept, Tail


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
        course = Course(model, plan, splits, out, interruption.check)
        first = frozen_outcome(course)
        _say("linear head on frozen features", first, splits)
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
        _say("fine-tuned from it", last, splits)
        return last


def frozen_outcome(course: Course) -> Outcome:
    """The frozen network with its head."""
    features = [course.frozen.bottleneck] * course.task.count
    weights, last = {}, course.task.last
    for fold in (last, 0):
        course.head(fold).put_into(course.model.get_layer("activation_map"))
        weights[fold] = course.model.get_weights()
    return _outcome(course, weights[last], weights[0], course.chosen.logits, features, 0.0, None)


def tuned_outcome(course: Course, tail: Tail, kept: Kept, done: Sequence[Fold]) -> Outcome:
    """The network between the frozen and the fine-tuned one that does best."""
    task = course.task
    place, others = choose_shares(task, done)
    logits = np.zeros_like(course.chosen.logits)
    for number, best in enumerate(others):
        logits[task.split(number)[1]] = done[number].answers[best]
    features = []
    for number, fold in enumerate(done):
        tail.mix(course.head(number), fold.trained, SHARES[place])
        if task.last is None:
            features.append(tail.answer(kept.plain)[1])
        if number == 0:
            held_out = course.model.get_weights()
    trained = course.train(tail, kept, task.last)[0] if place else []
    tail.mix(course.head(task.last), trained, SHARES[place])
    weights = course.model.get_weights()
    return _outcome(course, weights, held_out, logits, features, SHARES[place], (tail, done))


def choose_shares(task: Task, done: Sequence[Fold]) -> tuple[int, list[int]]:
    """How far to tune, as places in SHARES: for the network to keep, and for each fold.

    For a fold it is what the other folds would choose: not chosen by its own pictures.

    Args:
        task: What was learnt.
        done: Its folds.
    """
    rows = [task.split(fold)[1] for fold in range(len(done))]

    def least_loss(place: int, without: int | None = None) -> float:
        """With a temperature: what is learnt from softened targets is unsure, not wrong."""
        folds = [fold for fold in range(len(done)) if fold != without]
        answers = np.concatenate([done[fold].answers[place] for fold in folds])
        tested = np.concatenate([rows[fold] for fold in folds])
        scaled = answers / best_temperature(answers, task.targets[tested])
        return float(task.loss(np.asarray(scaled, np.float32), tested).sum())

    places = range(len(SHARES))
    best = min(places, key=least_loss)
    if len(done) == 1:
        return best, [best]
    return best, [min(places, key=partial(least_loss, without=fold)) for fold in range(len(done))]


def _outcome(
    course: Course,
    weights: list[Any],
    held_out: list[Any],
    logits: Logits,
    features: Sequence[Features],
    share: float,
    tuned: tuple[Tail, Sequence[Fold]] | None,
) -> Outcome:
    task, splits, labels = course.task, course.splits, len(course.plan.labels)
    files = splits.pictures.files
    learnt = tuple(files[row] for row in splits.train)
    history = _history(tuned[1]) if tuned else {}
    recipe = tuned[0].recipe if tuned and share else None
    head_first = _describe(course, share, recipe)
    if task.last is not None:
        course.model.set_weights(weights)
        tested = splits.measured
        return Outcome(
            weights=weights,
            history=history,
            learnt=learnt,
            tested=tested,
            probabilities=answer(course.model, tested, labels),
            held_out=None,
            unseen=tested.files,
            unseen_folder=tested.folder,
            head_first=head_first,
        )
    known = task.tested
    familiarity = None
    if not course.plan.has_outliers:
        familiarity = familiarity_out_of_fold(features, task.targets, task.folds)
    own = splits.test
    return Outcome(
        weights=weights,
        history=history,
        learnt=learnt,
        tested=HeldOut(splits.pictures.folder, files, splits.inputs[0], task.targets[known]),
        probabilities=softmax(logits[known][:, :labels]),
        held_out=None if own.files else held_out,
        unseen=own.files or tuple(files[row] for row in task.split(0)[1]),
        unseen_folder=own.folder,
        out_of_fold=OutOfFold(logits[known], familiarity),
        head_first=head_first,
    )


def _history(done: Sequence[Fold]) -> dict[str, list[float]]:
    """The mean over the folds."""
    return {
        name: np.mean([fold.history[name] for fold in done], axis=0).tolist()
        for name in done[0].history
    }


def _describe(course: Course, share: float, recipe: TailRecipe | None) -> HeadFirst:
    groups, known, targets = course.task.groups, course.task.tested, course.task.targets
    of_frozen = course.chosen.logits[known][:, : len(course.plan.labels)].argmax(axis=1)
    return HeadFirst(
        folds=course.task.count,
        strength=course.chosen.strength,
        mirror=course.chosen.mirror,
        class_weights=course.plan.settings.class_weights,
        tuned_share=share,
        first_block=recipe.first_block if recipe else None,
        grouped=len(groups) - len(np.unique(groups)),
        teacher=recipe.head_teacher if recipe else None,
        frozen_accuracy=float((of_frozen == targets[known]).mean()),
    )


def _say(what: str, outcome: Outcome, splits: Splits) -> None:
    right = evaluate(outcome.tested.targets, outcome.probabilities).accuracy_text()
    if not splits.validation.files:
        right += ", each in a fold of its own"
    elif outcome.tested is splits.validation:
        right += ", which are those to validate"
    print(f"{what}: right for {right}", flush=True)

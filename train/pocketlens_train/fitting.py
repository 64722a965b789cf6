"""The fitting itself, on Keras 3's own API: any of its backends will do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pocketlens.learning.class_weights import output_weights
from pocketlens.metadata.provenance import HeadFirst
from pocketlens_train.batches import Batches, Targets
from pocketlens_train.checkpoint import Checkpoint, SavedState
from pocketlens_train.distillation import COMPONENTS, VARIANTS, teach, with_embedding
from pocketlens_train.head_start import STRENGTH, start_from_head
from pocketlens_train.interruption import Interruption
from pocketlens_train.optimizer import adamw, warmup_cosine
from pocketlens_train.output_folder import CHECKPOINT, answers_folder
from pocketlens_train.plan import Plan
from pocketlens_train.recipe import Recipe
from pocketlens_train.splits import Splits


def fit(
    model: Any, plan: Plan, splits: Splits, out: Path, saved: SavedState | None
) -> tuple[dict[str, list[float]], HeadFirst | None]:
    """Trains a network, or goes on, and leaves the weights to keep in it.

    Args:
        model: From the plan's build().
        plan: How to train.
        splits: The pictures.
        out: The run folder, for the checkpoint and the teacher's answers.
        saved: Where a training that was cut short stood.

    Returns:
        "loss", "accuracy", "val_loss" and "val_accuracy" of each epoch, and what came of the head
        that the training began from, if it did.

    Raises:
        ModelError: The loss is no longer a number.
        KeyboardInterrupt: Ctrl-C.
    """
    fixed = plan.fixed() | splits.fingerprints
    recipe, outputs = plan.recipe, model.outputs[0].shape[-1]
    with Interruption() as interruption:
        variants = _variants(plan, splits, outputs, out / answers_folder(fixed), interruption)
        student = with_embedding(model) if plan.teacher else model
        batches, validation = _batches(plan, splits, outputs, variants)
        _compile(student, recipe, len(batches) * recipe.epochs)
        checkpoint = Checkpoint(out / CHECKPOINT, fixed, recipe, interruption)
        if saved:
            checkpoint.restore(student, saved)
        elif plan.begins_with_head:
            start_from_head(model, plan, splits, interruption.check)
            _test_start(student, validation, checkpoint)
        if not checkpoint.ended():
            batches.begin(checkpoint.epochs)
            _run(student, batches, validation, recipe.epochs, checkpoint)
    # The student's layers are the model's own.
    student.set_weights(checkpoint.kept)
    return checkpoint.history, _head_first(plan, checkpoint)


def _variants(
    plan: Plan, splits: Splits, outputs: int, answers: Path, interruption: Interruption
) -> list[dict[str, Targets]]:
    """What to answer to the pictures, times what each counts; see Batches."""
    recipe, exact = plan.recipe, np.eye(outputs, dtype=np.float32)
    if plan.teacher and recipe.augmentation:
        variants = teach(
            plan.teacher,
            splits.sources,
            np.pad(exact[splits.targets], ((0, len(splits.unlabelled_rows)), (0, 0))),
            np.concatenate([splits.learnt, splits.unlabelled_rows]),
            answers,
            min_area=recipe.augmentation.min_area,
            seed=plan.settings.seed,
            variants=min(VARIANTS, recipe.epochs),
            interruption=interruption,
        )
    else:
        smooth = exact * (1 - recipe.label_smoothing) + recipe.label_smoothing / outputs
        variants = [{"probabilities": smooth[splits.targets]}]
    of_epoch = np.concatenate([splits.train, splits.outlier_rows[: splits.outliers_per_epoch]])
    weights = output_weights(splits.targets[of_epoch], outputs, plan.settings.class_weights)
    for variant in variants:
        # Those without labels follow, and count once.
        variant["probabilities"][: len(splits.targets)] *= weights[splits.targets, None]
    return variants


def _batches(
    plan: Plan, splits: Splits, outputs: int, variants: list[dict[str, Targets]]
) -> tuple[Batches, Batches]:
    """Those to train and to validate."""
    recipe, count = plan.recipe, len(splits.validation.files)
    batches = Batches(
        splits.sources,
        variants,
        np.concatenate([splits.train, splits.unlabelled_rows]),
        recipe.batch_size,
        outliers=splits.outlier_rows,
        outliers_per_epoch=splits.outliers_per_epoch,
        augmentation=recipe.augmentation,
        preprocessing=recipe.crop(plan.preprocessing),
        seed=plan.settings.seed,
    )
    watched = {"probabilities": np.eye(outputs, dtype=np.float32)[splits.validation.targets]}
    if plan.teacher:
        watched["embedding"] = np.zeros((count, COMPONENTS), np.float32)
    validation = Batches([splits.validation.inputs], [watched], np.arange(count), recipe.batch_size)
    return batches, validation


def _test_start(model: Any, validation: Batches, checkpoint: Checkpoint) -> None:
    found = model.evaluate(validation, callbacks=[checkpoint], verbose=0, return_dict=True)
    checkpoint.start(found["accuracy"])
    print(
        f"linear head on frozen features: right for {found['accuracy']:.2%} of the validation "
        "pictures",
        flush=True,
    )


def _head_first(plan: Plan, checkpoint: Checkpoint) -> HeadFirst | None:
    augmentation = plan.recipe.augmentation
    if not (plan.begins_with_head and augmentation):
        return None
    if checkpoint.kept_start:
        print("no epoch did better: the frozen network with its head is kept", flush=True)
    return HeadFirst(
        folds=0,
        strength=STRENGTH,
        mirror=augmentation.mirror,
        class_weights=plan.settings.class_weights,
        tuned_share=0.0 if checkpoint.kept_start else 1.0,
        frozen_accuracy=checkpoint.start_accuracy,
    )


def _compile(model: Any, recipe: Recipe, steps: int) -> None:
    """Sets optimizer, schedule and losses.

    Args:
        model: One output, or "probabilities" and the "embedding" of a teacher's features.
        recipe: How to train.
        steps: Of the whole training.
    """
    rate: Any = recipe.learning_rate
    if recipe.cosine:
        rate = warmup_cosine(recipe.learning_rate, steps, steps // 20)
    average = steps * recipe.ema_share
    optimizer = adamw(
        rate, recipe.weight_decay, use_ema=average > 1, ema_momentum=1 - 1 / max(average, 2)
    )
    distilled = len(model.outputs) > 1
    # Every target is smoothed beforehand: a teacher's must not be.
    model.compile(
        optimizer=optimizer,
        loss={"probabilities": "categorical_crossentropy", "embedding": "cosine_similarity"}
        if distilled
        else "categorical_crossentropy",
        metrics={"probabilities": ["accuracy"]} if distilled else ["accuracy"],
    )
    # Before the first step, which TensorFlow would trace twice where it makes variables.
    model.optimizer.build(model.trainable_variables)


def _run(model: Any, train: Any, validation: Any, epochs: int, checkpoint: Checkpoint) -> None:
    callbacks = [checkpoint]
    # On a GPU the optimizer is wrapped for half precision.
    if getattr(model.optimizer, "inner_optimizer", model.optimizer).use_ema:
        callbacks.append(keras.callbacks.SwapEMAWeights())
    model.fit(
        train,
        validation_data=validation,
        epochs=epochs,
        initial_epoch=checkpoint.epochs,
        callbacks=callbacks,
        shuffle=False,  # the batches are drawn by their own seed
        verbose="auto" if sys.stdout.isatty() else 2,
    )

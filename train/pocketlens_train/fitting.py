"""The fitting itself, on Keras 3's own API: any of its backends will do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pocketlens.metadata.provenance import HeadFirst
from pocketlens_train.batches import Batches
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
    exact = np.eye(model.outputs[0].shape[-1], dtype=np.float32)
    watched = {"probabilities": exact[splits.validation.targets]}
    student, recipe = model, plan.recipe
    with Interruption() as interruption:
        if plan.teacher and recipe.augmentation:
            variants = teach(
                plan.teacher,
                splits.sources,
                np.pad(exact[splits.targets], ((0, len(splits.unlabelled_rows)), (0, 0))),
                np.concatenate([splits.learnt, splits.unlabelled_rows]),
                out / answers_folder(fixed),
                min_area=recipe.augmentation.min_area,
                seed=plan.settings.seed,
                variants=min(VARIANTS, recipe.epochs),
                interruption=interruption,
            )
            student = with_embedding(model)
            watched["embedding"] = np.zeros((len(splits.validation.files), COMPONENTS), np.float32)
        else:
            smooth = exact * (1 - recipe.label_smoothing) + recipe.label_smoothing / len(exact)
            variants = [{"probabilities": smooth[splits.targets]}]
        batches = Batches(
            splits.sources,
            variants,
            np.concatenate([splits.train, splits.unlabelled_rows]),
            recipe.batch_size,
            outliers=splits.outlier_rows,
            # As many as of a class: more would drown a small set.
            outliers_per_epoch=len(splits.train) // len(plan.labels),
            augmentation=recipe.augmentation,
            preprocessing=recipe.crop(plan.preprocessing),
            seed=plan.settings.seed,
        )
        everything = np.arange(len(splits.validation.files))
        validation = Batches([splits.validation.inputs], [watched], everything, recipe.batch_size)
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

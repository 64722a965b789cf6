"""The training itself: pictures, targets and checkpoint put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train.batches import Batches
from pocketlens_train.checkpoint import Checkpoint
from pocketlens_train.distillation import COMPONENTS, VARIANTS, Teacher, teach, with_embedding
from pocketlens_train.interruption import Interruption
from pocketlens_train.output_folder import CHECKPOINT, answers_folder
from pocketlens_train.recipe import Recipe
from pocketlens_train.splits import Material
from pocketlens_train.training import compile_model, fit


def learn(
    model: Any,
    material: Material,
    recipe: Recipe,
    preprocessing: Preprocessing,
    seed: int,
    teacher: Teacher | None,
    out: Path,
    settings: dict[str, Any],
) -> Checkpoint:
    """Trains a network, or goes on, and leaves the weights to keep in it.

    Args:
        model: From build_model(); one output more than classes where there are outliers.
        material: The pictures.
        recipe: How to train.
        preprocessing: The recipe that the model will carry.
        seed: Same seed, same crops and order.
        teacher: From load_teacher(), or None.
        out: The run folder, for the checkpoint and the teacher's answers.
        settings: What must be the same when the training goes on.

    Raises:
        ModelError: The loss is no longer a number, or the checkpoint cannot be read.
        SettingError: The checkpoint is of another training.
        KeyboardInterrupt: Ctrl-C.
    """
    rows = np.asarray(material.pictures.targets)
    sources = [material.pictures.inputs]
    outputs = model.outputs[0].shape[-1]
    outliers = np.arange(len(rows), len(rows))
    if material.outliers:
        sources.append(material.outliers.inputs)
        outliers = np.arange(len(rows), len(rows) + len(material.outliers.files))
        rows = np.concatenate([rows, np.full(len(outliers), outputs - 1)])
    exact = np.eye(outputs, dtype=np.float32)
    watched = {"probabilities": exact[material.validation.targets]}
    student = model
    with Interruption() as interruption:
        if teacher and recipe.augmentation:
            variants = teach(
                teacher,
                sources,
                exact[rows],
                np.concatenate([material.train, outliers]),
                out / answers_folder(settings),
                min_area=recipe.augmentation.min_area,
                seed=seed,
                variants=min(VARIANTS, recipe.epochs),
                interruption=interruption,
            )
            student = with_embedding(model)
            nothing = np.zeros((len(material.validation.files), COMPONENTS), np.float32)
            watched["embedding"] = nothing
        else:
            smoothing = recipe.label_smoothing
            variants = [{"probabilities": (exact * (1 - smoothing) + smoothing / outputs)[rows]}]
        batches = Batches(
            sources,
            variants,
            material.train,
            recipe.batch_size,
            outliers=outliers,
            # As many as of a class: more would drown a small set.
            outliers_per_epoch=len(material.train) // (outputs - 1),
            augmentation=recipe.augmentation,
            preprocessing=recipe.crop(preprocessing),
            seed=seed,
        )
        validation = Batches(
            [material.validation.inputs],
            [watched],
            np.arange(len(material.validation.files)),
            recipe.batch_size,
        )
        compile_model(student, recipe, len(batches) * recipe.epochs)
        checkpoint = Checkpoint(out / CHECKPOINT, settings, recipe, interruption)
        checkpoint.restore(student)
        if not checkpoint.ended():
            batches.begin(checkpoint.epochs)
            fit(student, batches, validation, recipe.epochs, checkpoint)
    # The student's layers are the model's own.
    student.set_weights(checkpoint.kept)
    return checkpoint

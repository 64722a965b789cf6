"""From a folder of pictures to a run folder, step by step."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pocketlens.errors import SettingError
from pocketlens.metadata import Metadata
from pocketlens.metrics import evaluate
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens.run_folder import RECORD, read_run
from pocketlens_train import architectures, output_folder, plots
from pocketlens_train.batches import Batches
from pocketlens_train.checkpoint import check_settings
from pocketlens_train.distillation import Teacher, load_teacher
from pocketlens_train.learning import learn
from pocketlens_train.listing import list_files, list_outliers, list_test_files
from pocketlens_train.output_folder import CHECKPOINT
from pocketlens_train.provenance import describe_data, describe_training, versions
from pocketlens_train.recipe import Recipe
from pocketlens_train.settings import Settings
from pocketlens_train.splits import Material, load_material
from pocketlens_train.training import build_model, device, use_precision_of_device


def train(folder: Path, out: Path, settings: Settings) -> Metadata:
    """Trains, evaluates and fills a run folder.

    Raises:
        FileMissingError: There is no such folder, or no such teacher.
        DatasetError: Nothing can be learnt from the folder.
        ModelError: The network cannot be built, did not train, or cannot learn from the teacher.
        SettingError: A training that goes on was begun with other settings.
        FileError: The run folder holds a finished run or cannot be written.
        KeyboardInterrupt: Ctrl-C; what is done so far stays, for --resume.
    """
    if settings.resume and (out / RECORD).exists():
        return read_run(out).metadata
    listing = list_files(folder)
    test_listing = list_test_files(settings.test, listing.labels) if settings.test else None
    outlier_listing = list_outliers(settings.outliers) if settings.outliers else None
    architecture = architectures.load(settings.arch)
    recipe = settings.recipe(architecture.RECIPE)
    preprocessing = Preprocessing(
        settings.input_size or architecture.INPUT_SIZE,
        settings.color_mode or architecture.COLOR_MODE,
        depth=settings.depth,
    )
    policy = use_precision_of_device()
    teacher = None
    if settings.teacher:
        if recipe.augmentation is None:
            raise SettingError(
                f"--teacher: a network of --arch {settings.arch} has no features to compare; "
                "expected --arch edge"
            )
        teacher = load_teacher(settings.teacher, listing.labels)
        if (depth := teacher.run.metadata.preprocessing.depth) != settings.depth:
            raise SettingError(
                f"--teacher: was trained with --depth {depth}, expected --depth {settings.depth}, "
                "that of the student"
            )
    outputs = len(listing.labels) + bool(outlier_listing)
    shape: Any = preprocessing.input_shape
    if recipe.augmentation:
        shape = (None, None, shape[2])
    model = build_model(architecture, shape, outputs, settings.seed)
    pictures = [path for path in (folder, settings.test, settings.outliers) if path]
    print(f"training {settings.arch} on {device(model)}", flush=True)

    known = _identity(settings, recipe, preprocessing, policy, teacher)
    check_settings(out / CHECKPOINT, known)
    output_folder.prepare(out, pictures, resume=settings.resume)
    try:
        material = load_material(
            listing,
            test_listing,
            outlier_listing,
            out,
            recipe,
            preprocessing,
            test_split=settings.test_split,
            validation_split=settings.validation_split,
            seed=settings.seed,
            keep_repeats=settings.keep_repeats,
        )
        _report(material)
        if teacher:
            withheld = {*material.validation.files, *(() if test_listing else material.test.files)}
            teacher.check_split(material.pictures.fingerprint, withheld)
        same = known | _identity_of_pictures(material)
        check_settings(out / CHECKPOINT, same)
        checkpoint = learn(
            model, material, recipe, preprocessing, settings.seed, teacher, out, same
        )
        trained = device(model)
        keras.mixed_precision.set_dtype_policy("float32")
        final = build_model(architecture, preprocessing.input_shape, outputs, settings.seed)
        final.set_weights(model.get_weights())
        count = len(material.test.files)
        tested = {"probabilities": np.zeros((count, outputs), np.float32)}
        batches = Batches([material.test.inputs], [tested], np.arange(count), 64)
        answers = final.predict(batches, verbose=0)
    except BaseException as error:
        output_folder.discard(out)
        if isinstance(error, KeyboardInterrupt) and (out / CHECKPOINT).exists():
            print(f"{out}: --resume goes on from the last whole epoch", file=sys.stderr)
        raise

    new = ~material.near_duplicates
    known = answers[new, : len(listing.labels)].astype(np.float64)
    probabilities = known / known.sum(axis=1, keepdims=True)
    metadata = Metadata(
        labels=listing.labels,
        preprocessing=preprocessing,
        architecture=settings.arch,
        metrics=evaluate(material.test.targets[new], probabilities),
        history={name: tuple(values) for name, values in checkpoint.history.items()},
        training=describe_training(
            settings.command(folder, out), recipe, settings.seed, trained, teacher, material
        ),
        data=describe_data(material, listing.labels),
        versions=versions(),
    )
    output_folder.finish(out, metadata, final, material)
    plots.write_plots(out, metadata, material, probabilities)
    return metadata


def _identity(
    settings: Settings,
    recipe: Recipe,
    preprocessing: Preprocessing,
    policy: str,
    teacher: Teacher | None,
) -> dict[str, Any]:
    """What must be the same when a training goes on, as far as it is known before reading."""
    same = {
        "arch": settings.arch,
        **preprocessing.to_dict(),
        **asdict(recipe),
        "dtype_policy": policy,
        "validation_split": settings.validation_split,
        "test_split": None if settings.test else settings.test_split,
        "seed": settings.seed,
        "teacher": teacher.finished if teacher else None,
    }
    # The one setting that may change, after a loss that became NaN.
    del same["learning_rate"]
    return dict(json.loads(json.dumps(same)))


def _identity_of_pictures(material: Material) -> dict[str, Any]:
    return {
        "pictures": material.pictures.fingerprint,
        "outliers": material.outliers.fingerprint if material.outliers else None,
    }


def _report(material: Material) -> None:
    repeated = int(material.near_duplicates.sum())
    print(
        f"{len(material.train):,} pictures to train, {len(material.validation.files):,} to "
        f"validate, {len(material.test.files) - repeated:,} to test"
        + (f", {len(material.outliers.files):,} outliers" if material.outliers else "")
        + f"; {len(material.left_out)} files left out, of these {repeated} test pictures that "
        "nearly repeat another",
        flush=True,
    )

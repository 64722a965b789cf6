"""A finished run of a larger network that another one learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras

from pocketlens.errors import ModelError, SettingError
from pocketlens.names import normalised
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens.run_folder import Run, read_run
from pocketlens_train import architectures
from pocketlens_train.listing import differences
from pocketlens_train.recipe import Recipe
from pocketlens_train.settings import Settings
from pocketlens_train.splits import Splits


@dataclass(frozen=True)
class Teacher:
    """A finished run that teaches.

    Attributes:
        model: Crops in, probabilities and pooled features out.
        run: Where it comes from.
        preprocessing: How a crop becomes its input.
    """

    model: Any
    run: Run
    preprocessing: Preprocessing

    @property
    def finished(self) -> str:
        """When its training was finished, which tells it from others."""
        training = self.run.metadata.training
        return training.finished if training else ""

    def check_split(self, splits: Splits) -> None:
        """Refuses a teacher that has learnt from what the student is judged by.

        Raises:
            ModelError: It has.
        """
        # The names in another folder may be the same.
        parts = {"validation": splits.validation, "test": splits.test}
        parts = {name: part for name, part in parts.items() if name not in splits.own_fingerprints}
        judged = {file for part in parts.values() for file in part.files}
        learnt = set(map(normalised, self.run.split["train"]))
        known = learnt.intersection(map(normalised, judged))
        data = self.run.metadata.data
        if known and data and data.fingerprint == splits.pictures.fingerprint:
            raise ModelError(
                f"{self.run.model.parent}: the teacher has learnt from {len(known)} of the "
                f"{len(judged)} pictures that the student is judged by; train both with the same "
                "--seed, --test or --test-split and --validation-split"
            )


def choose_teacher(settings: Settings, recipe: Recipe, labels: tuple[str, ...]) -> Teacher | None:
    """The one that is asked for; None: none is.

    Raises:
        FileMissingError: There is no finished run.
        ModelError: The network cannot learn from it.
        SettingError: It does not go with the other settings.
    """
    if not settings.teacher:
        if settings.unlabelled:
            raise SettingError(
                "--unlabelled: what is learnt from these pictures are a larger network's answers; "
                "give its run by --teacher RUN, or leave --unlabelled out"
            )
        return None
    if recipe.augmentation is None:
        raise SettingError(
            f"--teacher: a network of --arch {settings.arch} has no features to compare; "
            "expected --arch edge"
        )
    teacher = _load_teacher(settings.teacher, labels)
    preprocessing = teacher.run.metadata.preprocessing
    for name in ("depth", "crop_mode", "region"):
        theirs, own = getattr(preprocessing, name), getattr(settings, name)
        if theirs != own:
            flag = f"--{name.replace('_', '-')}"
            raise SettingError(
                f"--teacher: was trained with {flag} {theirs}, expected {flag} {own}, that of the "
                "student"
            )
    return teacher


def _load_teacher(run_folder: Path, labels: Sequence[str]) -> Teacher:
    run = read_run(run_folder)
    metadata = run.metadata
    own = tuple(map(normalised, metadata.labels))
    if own != tuple(labels):
        raise ModelError(
            f"{run_folder}: the teacher's labels are not those of the pictures "
            f"({differences(own, labels)}); expected a teacher trained on the same classes"
        )
    try:
        architecture = architectures.load(metadata.architecture)
        preprocessing = architecture.RECIPE.crop(metadata.preprocessing)
        outputs = len(labels) + bool(metadata.training and metadata.training.outliers)
        model = architecture.build(preprocessing.input_shape, outputs)
        model.load_weights(run.model)
        features = model.get_layer("feature_map").output
    except (OSError, BadZipFile) as error:
        raise ModelError(
            f"{run.model}: cannot be read ({error}); train the teacher again"
        ) from error
    except (ValueError, ImportError) as error:
        raise ModelError(
            f"{run_folder}: a network of architecture {metadata.architecture!r} cannot teach "
            f"({str(error).partition('. ')[0]}); expected a run of --arch lite0 or edge"
        ) from error
    pooled = keras.layers.GlobalAveragePooling2D()(features)
    return Teacher(keras.Model(model.input, [model.output, pooled]), run, preprocessing)

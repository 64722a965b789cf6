"""What a training does, apart from its pictures: settled before the first one is read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import keras

from pocketlens.errors import ModelError, SettingError
from pocketlens.learning.folds import fold_count
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train import architectures
from pocketlens_train.architectures import Architecture
from pocketlens_train.listing import Listings
from pocketlens_train.recipe import Recipe, TailRecipe
from pocketlens_train.settings import Settings
from pocketlens_train.teacher import Teacher, choose_teacher

MOST_IN_FOLDS = 6000
"""Above so many pictures, one part is held out for the test."""


@dataclass(frozen=True)
class Plan:
    """All that a training is told.

    Attributes:
        settings: What was asked for.
        architecture: The network.
        recipe: How it is trained.
        preprocessing: How pictures become its input; travels with the model.
        labels: The classes.
        has_outliers: Whether one output more stands for pictures of no class.
        teacher: A larger network to imitate.
        dtype_policy: Keras's name for the precision of the arithmetic.
        folds: The number of folds of a training head first; 1 if pictures to validate are held
            out instead; 0 trains the whole network at once.
        tail: How a training head first goes on; None where all is trained at once.
    """

    settings: Settings
    architecture: Architecture
    recipe: Recipe
    preprocessing: Preprocessing
    labels: tuple[str, ...]
    has_outliers: bool
    teacher: Teacher | None
    dtype_policy: str
    folds: int
    tail: TailRecipe | None

    def __str__(self) -> str:
        """What will be done, in a line."""
        if not self.folds:
            head = "a linear head on frozen features, then " if self.begins_with_head else ""
            return f"{head}the whole network, up to {self.recipe.epochs} epochs"
        course = "a linear head on frozen features, then the last blocks from it, "
        if self.tail and self.tail.head_teacher:
            course += f"with {self.tail.head_teacher}'s head as teacher, "
        if self.folds == 1:
            return course + "chosen by validation pictures"
        return course + f"in {self.folds} folds and once on all pictures"

    @property
    def begins_with_head(self) -> bool:
        """Whether a network that is trained at once begins from a linear head."""
        return not self.folds and self.teacher is None and self.architecture.TAIL is not None

    def build(self) -> Any:
        """The network to train; where crops are its input it takes them in any size.

        Raises:
            ModelError: It cannot be built for pictures of that size.
        """
        height, width, channels = self.preprocessing.input_shape
        if self.recipe.augmentation and not self.folds:
            return self._build((None, None, channels))
        return self._build((height, width, channels))

    def build_final(self, weights: list[Any]) -> Any:
        """The network to save, with trained weights: float32, of fixed size."""
        keras.mixed_precision.set_dtype_policy("float32")
        final = self._build(self.preprocessing.input_shape)
        final.set_weights(weights)
        keras.mixed_precision.set_dtype_policy(self.dtype_policy)
        return final

    def _build(self, shape: tuple[int | None, int | None, int]) -> Any:
        keras.utils.set_random_seed(self.settings.seed)
        try:
            return self.architecture.build(shape, len(self.labels) + self.has_outliers)
        except ModelError:
            raise
        except ValueError as error:
            raise ModelError(
                f"the network cannot be built for an input of {shape} ({error}); "
                "choose a larger --input-size"
            ) from error

    def fixed(self) -> dict[str, Any]:
        """What must be the same when a training goes on, as JSON types."""
        settings = self.settings
        fixed = {
            "arch": settings.arch,
            **self.preprocessing.to_dict(),
            **asdict(self.recipe),
            "dtype_policy": self.dtype_policy,
            "validation_split": settings.validation_split,
            "test_split": None if settings.test else settings.test_split,
            "folds": self.folds,
            "groups": settings.groups,
            "class_weights": settings.class_weights,
            "tail": self.tail and asdict(replace(self.tail, learning_rate=0)),
            "seed": settings.seed,
            "teacher": self.teacher.finished if self.teacher else None,
        }
        # The one setting that may change, after a loss that became NaN.
        del fixed["learning_rate"]
        return dict(json.loads(json.dumps(fixed)))


def make_plan(settings: Settings, listings: Listings) -> Plan:
    """Settles what a training will do.

    Raises:
        FileMissingError: There is no such teacher.
        ModelError: The network cannot learn from the teacher.
        SettingError: The settings contradict each other.
    """
    architecture = architectures.load(settings.arch)
    recipe = settings.recipe(architecture.RECIPE)
    labels = listings.pictures.labels
    # Before any network is built, the teacher too.
    dtype_policy = _use_precision_of_device()
    folds = _folds(settings, architecture, listings)
    if settings.groups and folds < 2:
        raise SettingError(
            "--groups: pictures are kept together in folds only; give --folds 3 and neither "
            "--teacher nor --validation, or leave --groups out"
        )
    return Plan(
        settings=settings,
        architecture=architecture,
        recipe=recipe,
        preprocessing=Preprocessing(
            settings.input_size or architecture.INPUT_SIZE,
            settings.color_mode or architecture.COLOR_MODE,
            depth=settings.depth,
            crop_mode=settings.crop_mode,
            region=settings.region,
        ),
        labels=labels,
        has_outliers=listings.outliers is not None,
        teacher=choose_teacher(settings, recipe, labels),
        dtype_policy=dtype_policy,
        folds=folds,
        tail=settings.recipe(architecture.TAIL) if folds and architecture.TAIL else None,
    )


def _folds(settings: Settings, architecture: Architecture, listings: Listings) -> int:
    _check_validation(settings)
    whole = bool(settings.teacher) or architecture.TAIL is None
    if settings.folds and whole:
        raise SettingError(
            "--folds: with --teacher, or a network without pretrained blocks, all is trained at "
            "once; leave --folds out"
        )
    if settings.folds is not None and settings.folds > 1:
        return settings.folds
    pictures = sum(len(each.files) for each in (listings.pictures, listings.validation) if each)
    if whole or pictures > MOST_IN_FOLDS:
        return 0
    if settings.folds or settings.test_split or settings.validation_split or settings.validation:
        return 1
    return fold_count(pictures)


def _check_validation(settings: Settings) -> None:
    if settings.validation is None:
        return
    for flag, given in (
        ("--validation-split", settings.validation_split is not None),
        ("--folds", settings.folds is not None and settings.folds > 1),
    ):
        if given:
            raise SettingError(
                f"--validation and {flag} contradict each other: the pictures to validate are "
                f"those of a folder, or part of the training pictures; leave one of both out"
            )


def _use_precision_of_device() -> str:
    """Half-precision arithmetic on a GPU, where it is fast; float32 on a CPU."""
    device = str(keras.Variable(0.0).value.device).lower()
    policy = "mixed_float16" if "gpu" in device or "cuda" in device else "float32"
    keras.mixed_precision.set_dtype_policy(policy)
    return policy

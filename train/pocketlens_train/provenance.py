"""What a run says of itself."""

from __future__ import annotations

import platform
import sys
from dataclasses import fields
from datetime import datetime, timezone
from typing import Any

import cv2
import keras
import numpy as np
import sklearn

import pocketlens
from pocketlens.metadata import provenance
from pocketlens.metadata.provenance import Augmentation, Data, Training
from pocketlens_train import distillation
from pocketlens_train.outcome import Outcome
from pocketlens_train.plan import Plan
from pocketlens_train.splits import Splits
from pocketlens_train.teacher import Teacher


def describe_training(
    plan: Plan, splits: Splits, command: str, device: str, outcome: Outcome, seconds: int | None
) -> Training:
    """The metadata's "training"."""
    head_first = outcome.head_first
    recipe = vars(plan.tail or plan.recipe)
    names = {each.name for each in fields(Training)}
    settings = {name: value for name, value in recipe.items() if name in names}
    if augmentation := settings["augmentation"]:
        mirror = head_first.mirror if head_first else augmentation.mirror
        settings["augmentation"] = Augmentation(**vars(augmentation) | {"mirror": mirror})
    return Training(
        command=command,
        **settings,
        seed=plan.settings.seed,
        device=device,
        teacher=_describe_teacher(plan.teacher),
        head_first=head_first,
        outliers=len(splits.outlier_rows),
        seconds=seconds,
        finished=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def _describe_teacher(teacher: Teacher | None) -> provenance.Teacher | None:
    if teacher is None:
        return None
    metadata = teacher.run.metadata
    return provenance.Teacher(
        architecture=metadata.architecture,
        input_size=metadata.preprocessing.input_size,
        accuracy=metadata.accuracy_text(),
        command=metadata.training.command if metadata.training else None,
        share=distillation.SHARE,
        temperature=distillation.TEMPERATURE,
        crops=distillation.VARIANTS,
    )


def describe_data(splits: Splits, labels: tuple[str, ...], outcome: Outcome) -> Data:
    """The metadata's "data"."""
    counts = np.bincount(splits.pictures.targets, minlength=len(labels)).tolist()
    return Data(
        fingerprint=splits.pictures.fingerprint,
        test_fingerprint=splits.own_fingerprints.get("test"),
        validation_fingerprint=splits.own_fingerprints.get("validation"),
        images=dict(zip(labels, counts, strict=True)),
        left_out=len(splits.left_out),
        near_duplicates=splits.near_duplicates,
        unlabelled=len(splits.unlabelled_rows),
        split={
            "train": len(splits.train),
            "validation": len(splits.validation.files),
            "test": 0 if outcome.tested is splits.validation else len(outcome.tested.files),
        },
    )


def versions() -> dict[str, str]:
    """Of Python and the libraries."""
    backend = sys.modules[keras.backend.backend()]
    return {
        "pocketlens": pocketlens.__version__,
        "python": platform.python_version(),
        "keras": keras.__version__,
        backend.__name__: backend.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "scikit-learn": sklearn.__version__,
    }


def device(model: Any) -> str:
    """Where the weights live, such as "GPU:0", with the Keras backend."""
    place = str(model.weights[0].value.device).rpartition("device:")[2]
    return f"{place} ({keras.backend.backend()} backend)"

"""What a taught file says of where it comes from."""

from __future__ import annotations

import platform
from datetime import datetime, timezone

import cv2
import numpy as np
import sklearn

import pocketlens
from pocketlens.metadata.provenance import HeadFirst
from pocketlens_export.model_file import versions_of_runtime
from pocketlens_export.teach.lesson import Lesson, Pupils


def count_images(pupils: Pupils) -> dict[str, int]:
    """The pictures of each class."""
    counts = np.bincount(pupils.targets, minlength=len(pupils.labels)).tolist()
    return dict(zip(pupils.labels, counts, strict=True))


def split_sizes(pupils: Pupils) -> dict[str, int]:
    """How many pictures are learnt from, and tested out of fold."""
    return {"train": len(pupils.targets), "validation": 0, "test": len(pupils.tested)}


def versions() -> dict[str, str]:
    """Of Python and the libraries."""
    return {
        "pocketlens": pocketlens.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "scikit-learn": sklearn.__version__,
        **versions_of_runtime(),
    }


def now() -> str:
    """ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def describe_head(lesson: Lesson, pupils: Pupils, class_weights: str) -> HeadFirst:
    """The metadata's "training.head_first"."""
    return HeadFirst(
        folds=int(pupils.folds.max()) + 1,
        strength=lesson.strength,
        mirror=lesson.mirror,
        class_weights=class_weights,
        tuned_share=0.0,
        grouped=len(pupils.targets) - len(np.unique(pupils.groups)),
    )

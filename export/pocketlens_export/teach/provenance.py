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
from pocketlens_export.teach.learning import Learnt, Task


def count_images(task: Task) -> dict[str, int]:
    """The pictures of each class."""
    counts = np.bincount(task.targets, minlength=len(task.labels)).tolist()
    return dict(zip(task.labels, counts, strict=True))


def split_sizes(task: Task) -> dict[str, int]:
    """How many pictures are learnt from, and tested out of fold."""
    return {"train": len(task.targets), "validation": 0, "test": len(task.tested)}


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


def describe_head(learnt: Learnt, task: Task, class_weights: str) -> HeadFirst:
    """The metadata's "training.head_first"."""
    return HeadFirst(
        folds=int(task.folds.max()) + 1,
        strength=learnt.strength,
        mirror=learnt.mirror,
        class_weights=class_weights,
        tuned_share=0.0,
        grouped=len(task.targets) - len(np.unique(task.groups)),
    )

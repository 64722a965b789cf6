"""What a larger trained network, the teacher, answers to the crops that the student learns from.

The answers are probabilities, softened (Hinton et al. 2015), and the main components of the pooled
features: with few classes the probabilities alone say little of what the teacher sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from pocketlens.learning.linear_head import Indices
from pocketlens.pictures.decoding import Pixels
from pocketlens_train.augmentation import Boxes, draw_boxes
from pocketlens_train.batches import Targets, crop_input
from pocketlens_train.interruption import Interruption
from pocketlens_train.npz import read_npz, write_npz
from pocketlens_train.teacher import Teacher

VARIANTS = 4
"""Crops of each picture that the teacher answers; epochs cycle through them."""
SHARE = 0.7
"""The teacher's part of the targets; the labels have the rest."""
TEMPERATURE = 2.0
COMPONENTS = 128
_BATCH = 64


def teach(
    teacher: Teacher,
    sources: Sequence[Pixels],
    targets: Targets,
    learnt: Indices,
    cache: Path,
    *,
    min_area: float,
    seed: int,
    variants: int,
    interruption: Interruption,
) -> list[dict[str, Targets]]:
    """Asks the teacher about crops of the pictures; answers already in the cache are kept.

    Args:
        teacher: From choose_teacher().
        sources: The pictures to crop; those after the first array are outliers, of which the
            teacher's probabilities say nothing, or unlabelled.
        targets: N x outputs, one-hot; 0 for an unlabelled picture.
        learnt: The pictures that the student learns from; the others are not asked about.
        cache: A folder for the answers, so that a training that goes on need not ask again.
        min_area: As in training.
        seed: As in training.
        variants: The number of crops of each picture.
        interruption: Checked between batches.

    Returns:
        For each variant the "probabilities" (N x outputs) and the "embedding" (N x COMPONENTS).
    """
    cache.mkdir(exist_ok=True)
    classes = len(teacher.run.metadata.labels)
    answers: list[dict[str, Targets]] = []
    axes: tuple[Any, Any] | None = None
    for variant in range(variants):
        file = cache / f"{variant}.npz"
        kept = _read_answers(file)
        if kept is None:
            boxes = draw_boxes(len(targets), min_area, seed, variant)
            title = f"teacher's answers, {variant + 1} of {variants}"
            probabilities, features = _ask(teacher, sources, boxes, learnt, title, interruption)
            axes = axes or _principal_axes(features)
            kept = {
                "probabilities": probabilities[:, :classes],
                "embedding": ((features - axes[0]) @ axes[1]).astype(np.float16),
                "mean": axes[0],
                "components": axes[1],
            }
            write_npz(file, kept)
        axes = kept["mean"], kept["components"]
        soft = targets.copy()
        embedding: Targets = np.zeros((len(targets), COMPONENTS), np.float32)
        embedding[learnt] = kept["embedding"]
        unlabelled = ~targets[learnt].any(axis=1)
        known = (learnt < len(sources[0])) | unlabelled
        share = np.where(unlabelled, 1, SHARE)[known, None]
        soft[learnt[known], :classes] *= 1 - share
        soft[learnt[known], :classes] += share * _soften(kept["probabilities"][known])
        answers.append({"probabilities": soft, "embedding": embedding})
    return answers


def _read_answers(file: Path) -> dict[str, Any] | None:
    try:
        return read_npz(file)
    except ValueError:
        return None


def _ask(
    teacher: Teacher,
    sources: Sequence[Pixels],
    boxes: Boxes,
    learnt: Indices,
    title: str,
    interruption: Interruption,
) -> tuple[Targets, Targets]:
    probabilities, features = [], []
    for start in tqdm(range(0, len(learnt), _BATCH), desc=title, unit="batch", disable=None):
        interruption.check()
        numbers = learnt[start : start + _BATCH]
        batch = np.stack([crop_input(sources, boxes, n, teacher.preprocessing) for n in numbers])
        answer, pooled = teacher.model.predict_on_batch(batch)
        probabilities.append(np.asarray(answer))
        features.append(np.asarray(pooled))
    return np.concatenate(probabilities), np.concatenate(features)


def with_embedding(model: Any) -> Any:
    """The student with a second output that imitates the teacher's features."""
    pooled = keras.layers.GlobalAveragePooling2D()(model.get_layer("feature_map").output)
    embedding = keras.layers.Dense(COMPONENTS, name="embedding", dtype="float32")(pooled)
    return keras.Model(model.input, {"probabilities": model.output, "embedding": embedding})


def _soften(probabilities: Targets) -> Targets:
    softened = np.maximum(probabilities, 1e-9) ** (1 / TEMPERATURE)
    return np.asarray(softened / softened.sum(axis=1, keepdims=True), np.float32)


def _principal_axes(
    features: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    mean = features.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(features - mean, rowvar=False))
    return mean, vectors[:, : -COMPONENTS - 1 : -1].astype(np.float32)

"""LabelledAnswers to labelled pictures that tests make up, for reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from builders import COLORS, encode
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.metadata import Metadata

KINDS = 12
"""Different pictures; all others repeat them."""


def metadata_of(labels: tuple[str, ...], **parts: Any) -> Metadata:
    return Metadata(labels, COLORS.preprocessing, "colors", **parts)


def answers(targets: Any, said: Any, classes: int, score: float = 0.9) -> Any:
    """N x K probabilities, of which the class said has `score`."""
    rows = np.full((len(targets), classes), (1 - score) / max(1, classes - 1), np.float32)
    rows[np.arange(len(targets)), said] = score
    return rows


def noisy_answers(
    folder: Path, labels: tuple[str, ...], each: int, wrong: int = 1
) -> LabelledAnswers:
    """Of each class so many noisy pictures, `wrong` of which are taken for the next class."""
    count = len(labels)
    targets = np.repeat(np.arange(count), each)
    said = targets.copy()
    number = np.tile(np.arange(each), count)
    said[number < wrong] = (targets[number < wrong] + 1) % count
    random = np.random.default_rng(0)
    scores = random.uniform(0.5, 0.99, len(targets)).astype(np.float32)
    rows = answers(targets, said, count)
    rows *= (1 - scores[:, None]) / 0.1
    rows[np.arange(len(targets)), said] = scores
    files = [f"{number % KINDS}.jpg" for number in range(len(targets))]
    for name in sorted(set(files)):
        noise = random.integers(0, 256, (160, 120, 3)).astype(np.uint8)
        (folder / name).write_bytes(encode(noise, ".jpg"))
    return LabelledAnswers(folder, files, targets, rows, random.uniform(0, 1, len(targets)))

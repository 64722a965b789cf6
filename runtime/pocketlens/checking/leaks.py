"""What tells the classes apart without being what the pictures show."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from pocketlens.checking.facts import PictureFacts
from pocketlens.extras import requires_extra
from pocketlens.intervals import wilson_interval
from pocketlens.learning.linear_head import Indices
from pocketlens.names import listed

_LEAST, _MOST = 10, 4000
_MIN_SKILL = 0.15
"""Of the way from chance to always right, at the lower end of the interval."""
_GREY_APART = 0.5
_SHAPES = 12
_MUCH_SMALLER = 10
_NAMES = "the way files are named"
_UNSEEN = (
    "No network sees a name, but classes that were put together from different sources may differ "
    "in what it sees, too"
)


def leak_notes(
    labels: Sequence[str], targets: Indices, files: Sequence[str], facts: Sequence[PictureFacts]
) -> Iterator[str]:
    """Notes on what a network could learn instead of what the pictures show.

    Args:
        labels: The classes.
        targets: For each of N pictures its class.
        files: Their relative paths.
        facts: Of each.
    """
    yield from _grey_notes(labels, targets, np.array([each.is_grey for each in facts]))
    rows, own = _balanced(targets)
    count = int(own.max()) + 1 if len(own) else 0
    if count < 2:
        return
    for name, table in _tables(facts, files, labels, targets):
        right = _cross_validated(table[rows], own)
        low, _ = wilson_interval(right, len(own))
        if (low * count - 1) / (count - 1) > _MIN_SKILL:
            yield (
                f"{name} alone tells the classes apart for {100 * right / len(own):.0f} of 100 "
                f"pictures (by chance {100 / count:.0f}): are they from other cameras, sources or "
                f"days? {_UNSEEN if name == _NAMES else 'A network may learn that instead'}"
            )


def _grey_notes(labels: Sequence[str], targets: Indices, is_grey: Any) -> Iterator[str]:
    counts = np.bincount(targets, minlength=len(labels))
    grey = np.bincount(targets, is_grey, minlength=len(labels))
    for target, label in enumerate(labels):
        others = len(targets) - counts[target]
        if counts[target] < _LEAST or not others:
            continue
        share = grey[target] / counts[target]
        rest = (grey.sum() - grey[target]) / others
        if abs(share - rest) > _GREY_APART:
            yield (
                f"class {label!r}: {share:.0%} of its pictures are grey, of the others {rest:.0%}: "
                "a network may learn that instead; add pictures that differ, or train with "
                "--color-mode grayscale"
            )


def _balanced(targets: Indices) -> tuple[Indices, Indices]:
    """As many pictures of each class, evenly over it, so that chance is one in so many."""
    counts = np.bincount(targets)
    classes = np.flatnonzero(counts >= _LEAST)[: _MOST // _LEAST]
    if not len(classes):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    each = min(int(counts[classes].min()), _MOST // len(classes))
    rows = []
    for target in classes:
        of_class = np.flatnonzero(targets == target)
        rows.append(of_class[np.linspace(0, len(of_class) - 1, each).astype(int)])
    return np.concatenate(rows), np.repeat(np.arange(len(classes)), each)


def _tables(
    facts: Sequence[PictureFacts], files: Sequence[str], labels: Sequence[str], targets: Indices
) -> Iterator[tuple[str, Any]]:
    yield "brightness", np.array([[f.brightness] for f in facts])
    yield "size", np.array([(f.width, f.height, math.log(f.width / f.height)) for f in facts])
    kinds = [f"{f.kind}{f.bit_depth}{f.turned}" for f in facts]
    yield "format", _one_hot(kinds)
    shapes = [
        _shape(file, labels[target]) for file, target in zip(files, targets.tolist(), strict=True)
    ]
    lengths = np.array([[len(shape)] for shape in shapes])
    yield _NAMES, np.hstack([_one_hot(shapes), lengths])


def _shape(file: str, label: str) -> str:
    """The name without its class and with any number as 0: no network sees a name."""
    name = PurePosixPath(file).name.casefold().replace(label.casefold(), "")
    name = re.sub(r"(?=[a-f]*\d)[0-9a-f]{6,}", "0", name)
    return re.sub(r"\d+", "0", name)


def _one_hot(values: Sequence[str]) -> Any:
    common = [value for value, _ in Counter(values).most_common(_SHAPES)]
    return np.array([[value == each for each in common] for value in values], float)


def _cross_validated(table: Any, targets: Indices) -> int:
    """How many a small tree that has not seen them tells right."""
    if not np.ptp(table, axis=0).any():
        return 0
    with requires_extra("check", "sklearn"):
        from sklearn.model_selection import StratifiedKFold, cross_val_predict
        from sklearn.tree import DecisionTreeClassifier
    leaf = max(5, len(targets) // 200)
    tree = DecisionTreeClassifier(max_leaf_nodes=64, min_samples_leaf=leaf, random_state=0)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return int((cross_val_predict(tree, table, targets, cv=folds) == targets).sum())


def balance_notes(labels: Sequence[str], counts: Sequence[int]) -> Iterator[str]:
    """Notes on classes with few pictures.

    Args:
        labels: The classes.
        counts: How many pictures each has.
    """
    there = [(count, label) for count, label in zip(counts, labels, strict=True) if count]
    if len(there) < 2:
        yield from (
            f"only {label!r} has pictures: a training needs two classes" for _, label in there
        )
        return
    most, largest = max(there)
    small = sorted(each for each in there if each[0] * _MUCH_SMALLER <= most)
    if small:
        yield (
            f"{largest!r} has {most:,} pictures, "
            f"{listed([f'{label!r} {count:,}' for count, label in small], 5)}: "
            "add pictures of these"
        )
    few = [label for count, label in there if count < _LEAST]
    if few:
        yield f"fewer than {_LEAST} pictures of {listed(few, 5)}: their figures will say little"

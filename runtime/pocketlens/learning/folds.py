"""Which pictures are tested together: folds in which those that belong together stay together."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from pocketlens.errors import DatasetError, SettingError
from pocketlens.extras import requires_extra
from pocketlens.learning.linear_head import Features, Indices

_NEIGHBOURS = 10
_MAX_SHARE = 0.25
"""Of the usual distance to a neighbour; further away, pictures are different ones."""
SUB_FOLDER = "sub-folder"
_FEW = 1500


def fold_count(pictures: int) -> int:
    """How many folds so many pictures are tested in: five, or three where each takes its time."""
    return 5 if pictures <= _FEW else 3


def named_groups(files: Sequence[str], groups: str | None) -> Indices:
    """Groups by the pictures' names.

    Args:
        files: Paths relative to the picture folder, the class's folder first.
        groups: "sub-folder": the folders below the class's; else a regular expression, whose
            first group, or the whole match, names the picture's; None: each picture by itself.

    Returns:
        For each file the number of its group.

    Raises:
        SettingError: The expression matches none of the names.
    """
    if groups is None:
        return np.arange(len(files))
    if groups == SUB_FOLDER:
        names = [str(PurePosixPath(file).parent) for file in files]
        # Directly in the class's folder there is nothing that belongs together.
        names = [file if "/" not in name else name for file, name in zip(files, names, strict=True)]
    else:
        found = [re.search(groups, file) for file in files]
        if not any(found):
            raise SettingError(
                f"--groups {groups!r} matches no picture's name, such as {files[0]!r}; expected "
                f"{SUB_FOLDER!r} or a regular expression"
            )
        names = [
            match[match.re.groups and 1] or file if match else file
            for file, match in zip(files, found, strict=True)
        ]
    return np.asarray(np.unique(names, return_inverse=True)[1])


def merge_repeats(groups: Indices, features: Features, targets: Indices) -> Indices:
    """Puts pictures of a class that are nearly the same into one group.

    A picture nearly repeats its nearest neighbour when that is far nearer than the ten that follow
    it usually are: before a camera that never moves all are near, and none repeats another.

    Args:
        groups: For each picture the number of its group.
        features: N x D, of the frozen network.
        targets: For each picture its class.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    with requires_extra("teach", "scipy"):
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
    pairs = []
    normed = features - features.mean(axis=0)
    normed = normed / np.maximum(np.linalg.norm(normed, axis=1, keepdims=True), 1e-9)
    for target in np.unique(targets):
        rows = np.flatnonzero(targets == target)
        if len(rows) > _NEIGHBOURS // 2:
            pairs += [(rows[a], rows[b]) for a, b in _repeats(normed[rows])]
    first = np.unique(groups, return_index=True)[1]
    pairs += list(zip(range(len(groups)), first[groups], strict=True))
    ends = np.array(pairs).T
    links = coo_array((np.ones(len(pairs)), tuple(ends)), shape=(len(groups), len(groups)))
    return np.asarray(connected_components(links, directed=False)[1])


def _repeats(normed: Features, block: int = 1000) -> list[tuple[int, int]]:
    found = []
    for start in range(0, len(normed), block):
        part = normed[start : start + block]
        distances = 1 - part @ normed.T
        distances[np.arange(len(part)), start + np.arange(len(part))] = np.inf
        count = min(_NEIGHBOURS + 1, len(normed) - 1)
        nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
        ordered = np.sort(np.take_along_axis(distances, nearest, axis=1), axis=1)
        usual = np.median(ordered[:, 1:], axis=1)
        for row in np.flatnonzero(ordered[:, 0] <= _MAX_SHARE * usual):
            found.append((start + int(row), int(distances[row].argmin())))
    return found


def assign_folds(
    targets: Indices, groups: Indices, labels: Sequence[str], folds: int, seed: int
) -> Indices:
    """For each picture the fold in which it is tested: classes in proportion, groups whole.

    There are fewer folds where no class has so many groups.

    Raises:
        DatasetError: A class has pictures of one group alone, which cannot be learnt and tested.
        MissingExtraError: scikit-learn is not installed.
    """
    with requires_extra("teach", "sklearn"):
        from sklearn.model_selection import StratifiedGroupKFold
    most = 0
    for target, label in enumerate(labels):
        own = targets == target
        found = len(np.unique(groups[own]))
        most = max(most, found)
        if found < 2:
            usable = "1 usable picture" if own.sum() == 1 else f"{own.sum()} that belong together"
            raise DatasetError(
                f"class {label!r} has {usable}, expected two or more that do not belong together: "
                "one to learn from, one to test; add pictures of that class"
            )
    # No class of a handful of pictures can be in more folds than it has pictures.
    splitter = StratifiedGroupKFold(min(folds, most), shuffle=True, random_state=seed)
    assigned = np.zeros(len(targets), np.intp)
    with warnings.catch_warnings():
        # A class smaller than the number of folds is missing in some of them.
        warnings.simplefilter("ignore", UserWarning)
        for fold, (_, tested) in enumerate(splitter.split(targets[:, None], targets, groups)):
            assigned[tested] = fold
    return _mend_one_sided(assigned, targets, groups)


def _mend_one_sided(folds: Indices, targets: Indices, groups: Indices) -> Indices:
    """Moves groups while a fold would test all pictures of a class and learn from none."""
    while len(found := _one_sided(folds, targets)):
        moved = groups == groups[np.flatnonzero(targets == found[0])[0]]
        count, start = int(folds.max()) + 1, int(folds[moved][0])
        # A group of several classes may be wanted everywhere: one more fold always does.
        places = [*((start + step) % count for step in range(1, count)), count]
        tries = (np.where(moved, place, folds) for place in places)
        folds = next(each for each in tries if len(_one_sided(each, targets)) < len(found))
    return folds


def _one_sided(folds: Indices, targets: Indices) -> Indices:
    """The classes that are in one fold alone."""
    in_folds = np.unique(np.stack([targets, folds]), axis=1)[0]
    return np.flatnonzero(np.bincount(in_folds) == 1)

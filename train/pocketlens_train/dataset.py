"""A folder of pictures -> classes, files and a stratified split."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import train_test_split

from pocketlens.errors import DatasetError, FileMissingError

Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Listing:
    """What a folder holds.

    Attributes:
        folder: The folder itself.
        labels: The names of its sub-folders, sorted: the classes.
        files: Paths relative to the folder, with "/", sorted.
        targets: For each file the index of its class among the labels.
        left_out: (file, reason) for what lies outside any class.
    """

    folder: Path
    labels: tuple[str, ...]
    files: tuple[str, ...]
    targets: tuple[int, ...]
    left_out: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Split:
    """Which pictures are for what, as ascending indices into the list that was split."""

    train: Indices
    validation: Indices
    test: Indices


def list_files(folder: Path) -> Listing:
    """Lists a folder with one sub-folder for each class; files are not opened.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder, has fewer than two sub-folders, or an empty one.
    """
    if not folder.exists():
        raise FileMissingError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise DatasetError(f"{folder}: is a file, expected a folder with one sub-folder per class")
    entries = sorted(folder.iterdir())
    labels = tuple(entry.name for entry in entries if entry.is_dir() and not _hidden(entry.name))
    if len(labels) < 2:
        raise DatasetError(
            f"{folder}: has {len(labels)} sub-folder(s) ({', '.join(labels) or 'none'}), "
            "expected one for each of two or more classes"
        )
    for label in labels:
        if not label.isprintable():
            raise DatasetError(f"{folder}: has a sub-folder {label!r}, expected a printable name")
    files: list[str] = []
    targets: list[int] = []
    left_out = [
        (entry.name, "lies outside any class folder")
        for entry in entries
        if not entry.is_dir() or _hidden(entry.name)
    ]
    for target, label in enumerate(labels):
        found = sorted(_walk(folder / label, left_out, folder))
        if not found:
            raise DatasetError(f"{folder / label}: is empty, expected pictures of class {label!r}")
        files += found
        targets += [target] * len(found)
    return Listing(folder, labels, tuple(files), tuple(targets), tuple(left_out))


def split(
    targets: Sequence[int],
    labels: Sequence[str],
    *,
    test_split: float,
    validation_split: float,
    seed: int,
) -> Split:
    """Splits pictures so that each part has the classes in the same proportion.

    Args:
        targets: The class of each picture.
        labels: The names of the classes, for messages.
        test_split: The share of all pictures kept for the test.
        validation_split: The share of the rest watched during training.
        seed: Same seed, same split.

    Raises:
        DatasetError: A class has too few pictures to be in all three parts.
    """
    counts = Counter(targets)
    for target, label in enumerate(labels):
        if counts[target] < 3:
            raise DatasetError(
                f"class {label!r} has {counts[target]} usable picture(s), expected at least 3: "
                "one each to train, validate and test"
            )
    y = np.asarray(targets)
    try:
        rest, test = train_test_split(
            np.arange(len(y)), test_size=test_split, stratify=y, random_state=seed
        )
        train, validation = train_test_split(
            rest, test_size=validation_split, stratify=y[rest], random_state=seed
        )
    except ValueError as error:
        raise DatasetError(
            f"{len(y)} pictures of {len(labels)} classes cannot be split into {test_split:.0%} "
            f"test and {validation_split:.0%} of the rest for validation ({error}); "
            "add pictures or raise the shares"
        ) from error
    return Split(np.sort(train), np.sort(validation), np.sort(test))


def _hidden(name: str) -> bool:
    return name.startswith(".")


def _walk(top: Path, left_out: list[tuple[str, str]], folder: Path) -> Iterator[str]:
    def name_unreadable(error: OSError) -> None:
        unreadable = Path(error.filename).relative_to(folder).as_posix()
        left_out.append((unreadable, f"cannot be read ({error.strerror})"))

    for parent, folders, files in os.walk(top, onerror=name_unreadable):
        for name in files:
            yield (Path(parent) / name).relative_to(folder).as_posix()
        for name in folders:
            if (link := Path(parent) / name).is_symlink():
                left_out.append((link.relative_to(folder).as_posix(), "is a link to a folder"))

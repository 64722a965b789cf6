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


def list_outliers(folder: Path) -> Listing:
    """Lists every file below a folder of pictures that are of no class.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder or holds no file.
    """
    if not folder.exists():
        raise FileMissingError(f"{folder}: no such folder")
    left_out: list[tuple[str, str]] = []
    files = sorted(_walk(folder, left_out, folder))
    if not files:
        raise DatasetError(f"{folder}: holds no file, expected pictures of no class (--outliers)")
    return Listing(folder, ("outliers",), tuple(files), (0,) * len(files), tuple(left_out))


def list_test_files(folder: Path, labels: tuple[str, ...]) -> Listing:
    """Lists a folder of test pictures in the same layout.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: Its sub-folders are not those of the training pictures.
    """
    listing = list_files(folder)
    if listing.labels != labels:
        raise DatasetError(
            f"{folder}: has the classes {', '.join(listing.labels)}, expected those of the "
            f"training pictures: {', '.join(labels)}"
        )
    return listing


def split(
    targets: Sequence[int], labels: Sequence[str], *, shares: Sequence[float], seed: int
) -> list[Indices]:
    """Splits pictures so that each part has the classes in the same proportion.

    Args:
        targets: The class of each picture.
        labels: The names of the classes, for messages.
        shares: The share of the last part of all pictures, then of the one before it of the rest,
            and so on: (0.3, 0.1) gives 63 % training, 7 % validation and 30 % test.
        seed: Same seed, same split.

    Returns:
        Ascending indices of the parts, the training pictures first.

    Raises:
        DatasetError: A class has too few pictures to be in all parts.
    """
    counts = Counter(targets)
    parts = len(shares) + 1
    for target, label in enumerate(labels):
        if counts[target] < parts:
            raise DatasetError(
                f"class {label!r} has {counts[target]} usable picture(s), expected at least "
                f"{parts}: one each to train, validate{' and test' if parts > 2 else ''}"
            )
    y = np.asarray(targets)
    rest, split_off = np.arange(len(y)), []
    try:
        for share in shares:
            rest, part = train_test_split(
                rest, test_size=share, stratify=y[rest], random_state=seed
            )
            split_off.append(np.sort(part))
    except ValueError as error:
        raise DatasetError(
            f"{len(y)} pictures of {len(labels)} classes cannot be split by the shares "
            f"{', '.join(f'{share:.0%}' for share in shares)} ({error}); "
            "add pictures or raise the shares"
        ) from error
    return [np.sort(rest), *reversed(split_off)]


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

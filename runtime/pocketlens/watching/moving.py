"""Answered pictures, moved into a folder for each label."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from pocketlens.errors import FileError, FileMissingError, SettingError

REJECTED = "rejected"
"""The folder of the pictures that show none of the classes."""


def check_labels(labels: Sequence[str]) -> None:
    """Refuses labels that cannot name a folder.

    Raises:
        SettingError: One is a path, or called as the folder of what is rejected.
    """
    for label in labels:
        if label != Path(label).name or label in (".", "..", REJECTED):
            raise SettingError(f"pictures cannot be moved into a folder called {label!r}")


def move(file: Path, folder: Path, label: str) -> Path:
    """Moves a file into folder/label, by another name where there is one of that name.

    Returns:
        Where it is now.

    Raises:
        FileMissingError: It is gone.
        FileError: It cannot be moved.
    """
    target = folder / label
    try:
        target.mkdir(parents=True, exist_ok=True)
        place = next(each for each in _names(target, file) if not each.exists())
        shutil.move(file, place)
    except OSError as error:
        if not file.exists():
            raise FileMissingError(f"{file}: no such file") from error
        raise FileError(f"{file}: cannot be moved to {target} ({error.strerror})") from error
    return place


def _names(folder: Path, file: Path) -> Iterator[Path]:
    yield folder / file.name
    for number in count(2):
        yield folder / f"{file.stem}-{number}{file.suffix}"

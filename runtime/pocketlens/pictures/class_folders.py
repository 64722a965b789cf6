"""A folder with one sub-folder for each class -> the sub-folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from pocketlens.errors import DatasetError, FileMissingError
from pocketlens.names import is_shown, normalised
from pocketlens.pictures.folders import SYSTEM, is_system

OUTSIDE = "outside any class folder"
"""A reason to pass a file over."""


def sub_folders(folder: Path, pass_over: Callable[[str, str], object]) -> list[str]:
    """The names of the sub-folders, sorted; nothing below them is looked at.

    Args:
        folder: Has one for each class.
        pass_over: Is told the reason, SYSTEM or OUTSIDE, and the name of what is none.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder.
    """
    if not folder.exists():
        raise FileMissingError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise DatasetError(f"{folder}: is a file, expected a folder with one sub-folder per class")
    names = []
    for entry in sorted(folder.iterdir()):
        if is_system(entry.name):
            pass_over(SYSTEM, entry.name)
        elif entry.is_dir():
            names.append(entry.name)
        else:
            pass_over(OUTSIDE, entry.name)
    return names


def by_label(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The name of the sub-folder for each label, which is that name as NFC text.

    Raises:
        DatasetError: A name cannot be shown, or two are one label.
    """
    classes: dict[str, str] = {}
    for name in names:
        label = normalised(name)
        if not is_shown(label):
            raise DatasetError(f"{folder}: has a sub-folder {name!r}, expected a printable name")
        if label in classes:
            raise DatasetError(
                f"{folder}: has two sub-folders {label!r}, one with composed and one with "
                "decomposed letters (NFC and NFD); move the pictures into one of them"
            )
        classes[label] = name
    return classes

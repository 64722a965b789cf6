"""A folder of pictures -> classes and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketlens.errors import DatasetError
from pocketlens.names import normalised
from pocketlens.pictures.class_folders import OUTSIDE, by_label, sub_folders
from pocketlens.pictures.folders import all_files
from pocketlens.pictures.presplit import check_is_not_split


@dataclass(frozen=True)
class Listing:
    """What a folder holds.

    Attributes:
        folder: The folder itself.
        labels: The names of its sub-folders as NFC text, sorted: the classes.
        files: Paths relative to the folder, with "/", as on the disk, sorted as NFC text.
        targets: For each file the index of its class among the labels.
        left_out: (file or folder, reason) for what is passed over or lies outside any class.
    """

    folder: Path
    labels: tuple[str, ...]
    files: tuple[str, ...]
    targets: tuple[int, ...]
    left_out: tuple[tuple[str, str], ...]


def list_files(folder: Path, *, least: int = 2, command: str = "train") -> Listing:
    """Lists a folder with one sub-folder for each class; files are not opened.

    Args:
        folder: The folder.
        least: How many classes there must be.
        command: That which learns from them, for messages.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder, has too few sub-folders, or an empty one, or its
            sub-folders are no classes.
    """
    left_out: list[tuple[str, str]] = []
    classes = _classes(folder, left_out, least, command)
    files: list[str] = []
    targets: list[int] = []
    for target, (label, name) in enumerate(sorted(classes.items())):
        found = sorted(walk(folder / name, left_out, folder), key=normalised)
        if not found:
            raise DatasetError(f"{folder / name}: is empty, expected pictures of class {label!r}")
        files += found
        targets += [target] * len(found)
    return Listing(folder, tuple(sorted(classes)), tuple(files), tuple(targets), tuple(left_out))


def _classes(
    folder: Path, left_out: list[tuple[str, str]], least: int, command: str
) -> dict[str, str]:
    """The name of the sub-folder for each label."""

    def leave_out(reason: str, name: str) -> None:
        left_out.append((name, f"lies {reason}" if reason == OUTSIDE else reason))

    names = sub_folders(folder, leave_out)
    if len(names) < least:
        raise DatasetError(
            f"{folder}: has {len(names)} sub-folder(s) ({', '.join(names) or 'none'}), "
            f"expected one for each of {('one', 'two')[least > 1]} or more classes"
        )
    check_is_not_split(folder, names, command)
    return by_label(folder, names)


def walk(top: Path, left_out: list[tuple[str, str]], folder: Path) -> Iterator[str]:
    """Yields every file below a folder, and notes what is passed over.

    Args:
        top: The folder.
        left_out: Takes (file or folder, reason).
        folder: What the names are relative to.
    """

    def relative(path: str) -> str:
        return Path(path).relative_to(folder).as_posix()

    def leave_out(reason: str, path: str) -> None:
        left_out.append((relative(path), reason))

    def name_unreadable(error: OSError) -> None:
        leave_out(f"cannot be read ({error.strerror})", error.filename)

    return map(relative, all_files([str(top)], leave_out, name_unreadable))

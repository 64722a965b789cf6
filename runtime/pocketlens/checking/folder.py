"""A folder of pictures, split or not, as it is: nothing in it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketlens.checking.findings import UNREADABLE, Finding
from pocketlens.errors import DatasetError
from pocketlens.names import normalised
from pocketlens.pictures.class_folders import OUTSIDE, by_label, sub_folders
from pocketlens.pictures.folders import LINK, SYSTEM
from pocketlens.pictures.listing import walk
from pocketlens.pictures.presplit import split_parts


@dataclass(frozen=True)
class Folder:
    """What is to be checked.

    Attributes:
        folder: The folder itself.
        labels: The classes, sorted.
        parts: The parts of a split; one without a name where it is none.
        files: Paths relative to the folder, with "/".
        targets: For each file the index of its class.
        in_parts: For each file the index of its part.
        unread: What could not be listed, or lies outside any class.
        passed_over: (file or folder, reason) for what is the system's, or behind a link.
        lacking: (part, class) for each class without a file.
    """

    folder: Path
    labels: tuple[str, ...]
    parts: tuple[str, ...]
    files: tuple[str, ...]
    targets: tuple[int, ...]
    in_parts: tuple[int, ...]
    unread: tuple[Finding, ...]
    passed_over: tuple[tuple[str, str], ...]
    lacking: tuple[tuple[str, str], ...]


def list_folder(folder: Path) -> Folder:
    """Lists a folder with one sub-folder for each class, or with one such folder for each part.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder, cannot be read, or has no file in a sub-folder.
    """
    left_out: list[tuple[str, str]] = []
    try:
        parts = split_parts(folder, _sub_folders(folder, folder, left_out)) or [""]
        classes = [_classes(folder, part, left_out) for part in parts]
    except PermissionError as error:
        raise DatasetError(f"{error.filename}: may not be read; ask for the right to") from error
    labels = sorted({label for each in classes for label in each})
    files: list[str] = []
    targets: list[int] = []
    in_parts: list[int] = []
    lacking = []
    for number, (part, names) in enumerate(zip(parts, classes, strict=True)):
        for target, label in enumerate(labels):
            top = folder / part / names[label] if label in names else None
            found = sorted(walk(top, left_out, folder), key=normalised) if top else []
            if not found:
                lacking.append((part, label))
            files += found
            targets += [target] * len(found)
            in_parts += [number] * len(found)
    if not files:
        raise DatasetError(
            f"{folder}: has no file in a sub-folder, expected one sub-folder a class"
        )
    usual = (SYSTEM, LINK)
    return Folder(
        folder,
        tuple(labels),
        tuple(parts),
        tuple(files),
        tuple(targets),
        tuple(in_parts),
        tuple(Finding(UNREADABLE, name, why) for name, why in left_out if why not in usual),
        tuple((name, why) for name, why in left_out if why in usual),
        tuple(lacking),
    )


def _classes(folder: Path, part: str, left_out: list[tuple[str, str]]) -> dict[str, str]:
    return by_label(folder / part, _sub_folders(folder / part, folder, left_out if part else []))


def _sub_folders(top: Path, folder: Path, left_out: list[tuple[str, str]]) -> list[str]:
    def leave_out(reason: str, name: str) -> None:
        place = (top / name).relative_to(folder).as_posix()
        left_out.append((place, f"lies {reason}" if reason == OUTSIDE else reason))

    return sub_folders(top, leave_out)


def lacking_notes(folder: Folder) -> Iterator[str]:
    """Notes on classes without pictures."""
    for part, label in folder.lacking:
        where = f" in {part}" if part else ""
        yield f"class {label!r} has no picture{where}; add some, or take its folder away"

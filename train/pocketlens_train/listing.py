"""A folder of pictures -> classes and files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketlens.errors import DatasetError, FileMissingError
from pocketlens.names import listed, normalised
from pocketlens.pictures.class_folders import OUTSIDE, by_label, sub_folders
from pocketlens.pictures.folders import all_files
from pocketlens_train.presplit import check_is_not_split

_MOST_NAMES = 10


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


@dataclass(frozen=True)
class Listings:
    """What the folders of a training hold.

    Attributes:
        pictures: Those of the classes.
        test: The test pictures, where they have a folder of their own.
        outliers: Pictures of no class, where there are any.
        validation: The pictures to validate, where they have a folder of their own.
        unlabelled: Pictures without labels, where there are any.
    """

    pictures: Listing
    test: Listing | None
    outliers: Listing | None
    validation: Listing | None = None
    unlabelled: Listing | None = None

    @property
    def folders(self) -> list[Path]:
        """The folders with pictures."""
        return [each.folder for each in vars(self).values() if each]


def list_all(
    folder: Path,
    test: Path | None,
    outliers: Path | None,
    validation: Path | None = None,
    unlabelled: Path | None = None,
) -> Listings:
    """Lists the folders of a training.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: A folder does not hold what it should.
    """
    pictures = list_files(folder)
    return Listings(
        pictures,
        list_test_files(test, pictures.labels) if test else None,
        list_outliers(outliers) if outliers else None,
        list_test_files(validation, pictures.labels) if validation else None,
        list_unlabelled(unlabelled) if unlabelled else None,
    )


def list_files(folder: Path) -> Listing:
    """Lists a folder with one sub-folder for each class; files are not opened.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder, has fewer than two sub-folders, or an empty one, or its
            sub-folders are no classes.
    """
    left_out: list[tuple[str, str]] = []
    classes = _classes(folder, left_out)
    files: list[str] = []
    targets: list[int] = []
    for target, (label, name) in enumerate(sorted(classes.items())):
        found = sorted(_walk(folder / name, left_out, folder), key=normalised)
        if not found:
            raise DatasetError(f"{folder / name}: is empty, expected pictures of class {label!r}")
        files += found
        targets += [target] * len(found)
    return Listing(folder, tuple(sorted(classes)), tuple(files), tuple(targets), tuple(left_out))


def list_outliers(folder: Path) -> Listing:
    """Lists every file below a folder of pictures that are of no class.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder or holds no file.
    """
    return _list_all_below(folder, "outliers", "pictures of no class")


def list_unlabelled(folder: Path) -> Listing:
    """Lists every file below a folder of pictures without labels.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder or holds no file.
    """
    return _list_all_below(folder, "unlabelled", "pictures without labels")


def list_test_files(folder: Path, labels: tuple[str, ...]) -> Listing:
    """Lists a folder of pictures to test or to validate, in the same layout.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: Its sub-folders are not those of the training pictures.
    """
    listing = list_files(folder)
    if listing.labels != labels:
        raise DatasetError(
            f"{folder}: its classes are not those of the training pictures "
            f"({differences(listing.labels, labels)}); expected one sub-folder for each of these"
        )
    return listing


def differences(labels: Collection[str], expected: Collection[str]) -> str:
    """What labels there are on one side only, for a message that names the place before."""
    sides = (
        ("only there", set(labels) - set(expected)),
        ("missing there", set(expected) - set(labels)),
    )
    texts = []
    for title, names in sides:
        if names:
            texts.append(f"{title}: {listed(sorted(names), _MOST_NAMES)}")
    return "; ".join(texts) or "the same in another order"


def _list_all_below(folder: Path, kind: str, expected: str) -> Listing:
    if not folder.exists():
        raise FileMissingError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise DatasetError(f"{folder}: is a file, expected a folder of {expected}")
    left_out: list[tuple[str, str]] = []
    files = sorted(_walk(folder, left_out, folder), key=normalised)
    if not files:
        raise DatasetError(f"{folder}: holds no file, expected {expected} (--{kind})")
    return Listing(folder, (kind,), tuple(files), (0,) * len(files), tuple(left_out))


def _classes(folder: Path, left_out: list[tuple[str, str]]) -> dict[str, str]:
    """The name of the sub-folder for each label."""

    def leave_out(reason: str, name: str) -> None:
        left_out.append((name, f"lies {reason}" if reason == OUTSIDE else reason))

    names = sub_folders(folder, leave_out)
    if len(names) < 2:
        raise DatasetError(
            f"{folder}: has {len(names)} sub-folder(s) ({', '.join(names) or 'none'}), "
            "expected one for each of two or more classes"
        )
    check_is_not_split(folder, names)
    return by_label(folder, names)


def _walk(top: Path, left_out: list[tuple[str, str]], folder: Path) -> Iterator[str]:
    def relative(path: str) -> str:
        return Path(path).relative_to(folder).as_posix()

    def leave_out(reason: str, path: str) -> None:
        left_out.append((relative(path), reason))

    def name_unreadable(error: OSError) -> None:
        leave_out(f"cannot be read ({error.strerror})", error.filename)

    return map(relative, all_files([str(top)], leave_out, name_unreadable))

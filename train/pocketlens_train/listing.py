"""The folders of a training -> classes and files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from pocketlens.errors import DatasetError, FileMissingError
from pocketlens.names import listed, normalised
from pocketlens.pictures.exclude_list import exclude
from pocketlens.pictures.listing import Listing, list_files, walk

_MOST_NAMES = 10


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

    def without(self, file: Path) -> Listings:
        """These without the files that an exclude list names; see exclude()."""
        there = {name: each for name, each in vars(self).items() if each}
        return replace(self, **dict(zip(there, exclude(there.values(), file), strict=True)))

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
    files = sorted(walk(folder, left_out, folder), key=normalised)
    if not files:
        raise DatasetError(f"{folder}: holds no file, expected {expected} (--{kind})")
    return Listing(folder, (kind,), tuple(files), (0,) * len(files), tuple(left_out))

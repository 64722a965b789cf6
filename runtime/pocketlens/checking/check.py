"""A folder of pictures -> what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pocketlens.checking.appearance import appearance
from pocketlens.checking.facts import PictureFacts
from pocketlens.checking.findings import Finding, Findings, worst_first
from pocketlens.checking.folder import Folder, lacking_notes, list_folder
from pocketlens.checking.labels import groups_of, suspected, unlike
from pocketlens.checking.leaks import balance_notes, leak_notes
from pocketlens.checking.neighbours import find_neighbours
from pocketlens.checking.reading import Seen, read_facts, read_folder
from pocketlens.checking.twins import repeats, same_pictures
from pocketlens.errors import DatasetError
from pocketlens.learning.linear_head import Indices, one_blas_thread
from pocketlens.names import counted
from pocketlens.pictures.listing import Listing

_MOST_FACTS = 5000

Show = Callable[[Iterable[Any], int], Iterable[Any]]


def check_folder(folder: Path, show: Show) -> Findings:
    """Checks every picture of a folder; nothing is changed.

    Args:
        folder: Has one sub-folder for each class, or one such folder for each part of a split.
        show: Goes through as many results as it is told, and shows how far it is.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder, or none of its files is a picture.
        FileError: The temporary folder is full.
        MissingExtraError: onnxruntime or scikit-learn is not installed.
    """
    listed = list_folder(folder)
    return _judge(listed, read_folder(listed, lambda each: show(each, len(listed.files))))


def _judge(folder: Folder, seen: Seen) -> Findings:
    if not len(seen.rows):
        first = seen.unreadable[0]
        raise DatasetError(
            f"{folder.folder}: has no picture that can be read among "
            f"{counted(len(folder.files), 'file')}; the first, {first.file}: {first.reason}"
        )
    files = [folder.files[place] for place in seen.rows]
    targets = np.array(folder.targets, np.intp)[seen.rows]
    found, notes = _of_facts(folder.labels, targets, files, seen.facts)
    found += [*folder.unread, *seen.unreadable]
    found += _of_features(folder, seen, files, targets)
    notes = [*lacking_notes(folder), *notes]
    return _findings(folder.folder, folder.labels, targets, found, notes)


def _findings(
    folder: Path, labels: Sequence[str], targets: Indices, found: list[Finding], notes: list[str]
) -> Findings:
    counts = np.bincount(targets, minlength=len(labels)).tolist()
    classes = dict(zip(labels, counts, strict=True))
    return Findings(str(folder), len(targets), classes, worst_first(found), tuple(notes))


def _of_facts(
    labels: Sequence[str], targets: Indices, files: Sequence[str], facts: Sequence[PictureFacts]
) -> tuple[list[Finding], list[str]]:
    counts = np.bincount(targets, minlength=len(labels)).tolist()
    found, usual = appearance(files, facts)
    leaks = leak_notes(labels, targets, files, facts)
    return found, [*balance_notes(labels, counts), *usual, *leaks]


def _of_features(
    folder: Folder, seen: Seen, files: list[str], targets: Indices
) -> Iterator[Finding]:
    rows = np.flatnonzero(seen.first == np.arange(len(files)))
    with one_blas_thread():
        near = find_neighbours(seen.features, rows, targets)
    same = same_pictures(seen.thumbnails, near)
    yield from repeats(folder, seen, same)
    groups = groups_of(len(files), same)
    own = [files[row] for row in rows]
    yield from suspected(folder.labels, own, targets[rows], seen.features[rows], groups[rows])
    yield from unlike(files, near.strangeness)


def check_facts(listing: Listing) -> Findings:
    """What can be told of a listing at little cost, by at most 5,000 of its pictures.

    Args:
        listing: What a training found.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    count = min(len(listing.files), _MOST_FACTS)
    rows = np.linspace(0, len(listing.files) - 1, count).astype(int).tolist()
    paths = [listing.folder / listing.files[row] for row in rows]
    read = [(row, facts) for row, facts in zip(rows, read_facts(paths), strict=True) if facts]
    targets = np.array([listing.targets[row] for row, _ in read], np.intp)
    files = [listing.files[row] for row, _ in read]
    found, notes = _of_facts(listing.labels, targets, files, [facts for _, facts in read])
    return _findings(listing.folder, listing.labels, targets, found, notes)

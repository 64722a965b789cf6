"""A labelled folder against a model's classes: which of its pictures can be measured."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocketlens.errors import DatasetError
from pocketlens.metadata.provenance import Data
from pocketlens.names import listed, normalised
from pocketlens.pictures.class_folders import by_label, sub_folders
from pocketlens.pictures.folders import PassedOver, picture_files
from pocketlens.pictures.listing import list_files
from pocketlens.pictures.reading import read_listing

_MOST_NAMES = 10


@dataclass(frozen=True)
class Labelled:
    """A folder with one sub-folder for each class, and the model's place of each.

    Attributes:
        folder: The folder itself.
        labels: The model's.
        known: The sub-folder of each class that the model knows, by its place among the labels.
        unknown: The sub-folder of each class that it does not know, by its name.
    """

    folder: Path
    labels: tuple[str, ...]
    known: dict[int, Path]
    unknown: dict[str, Path]

    @property
    def lacking(self) -> list[str]:
        """The model's classes that have no sub-folder."""
        return [label for place, label in enumerate(self.labels) if place not in self.known]

    def pictures(
        self, passed: PassedOver, on_error: Callable[[OSError], object]
    ) -> Iterator[tuple[int, str]]:
        """The place of the true class and the path of each picture, class by class.

        Args:
            passed: Is told what is passed over.
            on_error: Is told of a folder that cannot be read; the rest go on.
        """
        for place, folder in sorted(self.known.items()):
            for file in picture_files([str(folder)], passed, on_error):
                yield place, file

    def count_unknown(self) -> dict[str, int]:
        """How many pictures each class has that the model does not know."""
        return {
            label: sum(1 for _ in picture_files([str(folder)], PassedOver(), lambda error: None))
            for label, folder in self.unknown.items()
        }


def compare(folder: Path, labels: Sequence[str], passed: PassedOver) -> Labelled:
    """Lists the sub-folders, not what is in them, and finds each among the model's labels.

    Names are compared as NFC text. A folder may lack classes of the model.

    Args:
        folder: Has one sub-folder for each class.
        labels: The model's.
        passed: Is told what is passed over.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It is no folder, has no sub-folder, or holds no class of the model.
    """
    names = sub_folders(folder, lambda reason, name: passed.add(reason, str(folder / name)))
    if not names:
        raise DatasetError(f"{folder}: has no sub-folder, expected one per class, named like it")
    places = {normalised(label): place for place, label in enumerate(labels)}
    found = {label: folder / name for label, name in by_label(folder, names).items()}
    labelled = Labelled(
        folder,
        tuple(labels),
        {places[label]: path for label, path in found.items() if label in places},
        {label: path for label, path in found.items() if label not in places},
    )
    if not labelled.known:
        raise DatasetError(f"{folder}: has none of the model's classes ({_sides(labelled)})")
    return labelled


def check_all_are_known(labelled: Labelled) -> None:
    """Refuses a folder with classes that the model does not know.

    Raises:
        DatasetError: Names what there is more, and what is lacking.
    """
    if labelled.unknown:
        raise DatasetError(
            f"{labelled.folder}: its classes are not the model's ({_sides(labelled)}); "
            "--common measures those that both have"
        )


def is_trained_on(labelled: Labelled, counts: Sequence[int], data: Data | None) -> bool:
    """Whether a folder holds the pictures that the model was trained on, by names and contents.

    They are read once more, and only where there are as many of each class.

    Args:
        labelled: The folder.
        counts: How many pictures of each of the model's classes could be read.
        data: What the model says of its training.
    """
    if data is None or labelled.unknown:
        return False
    if list(counts) != [data.images.get(label) for label in labelled.labels]:
        return False
    listing = list_files(labelled.folder)
    read = read_listing(listing, lambda content: None, lambda kept: None, lambda files: files)
    return read.fingerprint == data.fingerprint


def _sides(labelled: Labelled) -> str:
    texts = [f"the model does not know: {listed(list(labelled.unknown), _MOST_NAMES)}"]
    if lacking := labelled.lacking:
        texts.append(f"the folder lacks: {listed(lacking, _MOST_NAMES)}")
    labels = set(map(normalised, labelled.labels))
    for path in labelled.unknown.values():
        if labels & {normalised(entry.name) for entry in path.iterdir() if entry.is_dir()}:
            return f"{'; '.join(texts)}; classes lie one folder deeper, in {shlex.quote(str(path))}"
    return "; ".join(texts)

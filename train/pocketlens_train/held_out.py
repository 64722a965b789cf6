"""Pictures to validate and to test: from the picture folder, or from a folder of their own."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pocketlens.errors import DatasetError
from pocketlens.learning.linear_head import Indices
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train.duplicates import near_duplicates
from pocketlens_train.pixel_cache import Pictures, load_inputs

LEARNT = {"validation": "train", "test": "train or validate"}
"""What the pictures of a part must not repeat."""
_ADVICE = {
    "validation": "let these count by --keep-repeats",
    "test": "test on pictures from elsewhere by --test, or let these count by --keep-repeats",
}


@dataclass(frozen=True)
class HeldOut:
    """Pictures that nothing is learnt from, exactly as predict() has them.

    Attributes:
        folder: What `files` are relative to.
        files: Their names.
        inputs: uint8, N x H x W x C.
        targets: For each the index of its class.
    """

    folder: Path
    files: tuple[str, ...]
    inputs: Pixels
    targets: Indices

    @classmethod
    def all_of(cls, pictures: Pictures) -> HeldOut:
        """The pictures of a folder of their own."""
        return cls(pictures.folder, pictures.files, pictures.inputs, np.asarray(pictures.targets))


@dataclass(frozen=True)
class Known:
    """Pictures that others must not repeat.

    Attributes:
        sources: uint8 arrays, N x H x W x C, of any size, counted one after the other.
        targets: For each picture the index of its class.
        rows: Which of them count.
    """

    sources: tuple[Pixels, ...]
    targets: Indices
    rows: Indices

    def plus(self, held_out: HeldOut) -> Known:
        """With more pictures, which all count."""
        more = len(self.targets) + np.arange(len(held_out.files))
        return Known(
            (*self.sources, held_out.inputs),
            np.concatenate([self.targets, held_out.targets]),
            np.concatenate([self.rows, more]),
        )


def load_held_out(
    pictures: Pictures, rows: Indices | None, preprocessing: Preprocessing, cache: Path
) -> HeldOut:
    """Some of the pictures of a folder; none of them where there are no rows.

    Raises:
        FileError: There is no room for the cache.
    """
    rows = np.zeros(0, np.intp) if rows is None else rows
    files = tuple(pictures.files[row] for row in rows)
    # An empty file cannot be mapped.
    inputs = np.zeros((0, *preprocessing.input_shape), np.uint8)
    if files:
        inputs = load_inputs([pictures.folder / file for file in files], preprocessing, cache)
    return HeldOut(pictures.folder, files, inputs, np.asarray(pictures.targets)[rows])


def without_repeats(
    held_out: dict[str, HeldOut],
    checked: Collection[str],
    known: Known | None,
    labels: Sequence[str],
) -> tuple[dict[str, HeldOut], list[tuple[str, str]]]:
    """Leaves out pictures that nearly repeat another; says so where that is most of a part.

    Args:
        held_out: The parts "validation" and "test", in this order: the one must not repeat what is
            learnt from, the other neither of both.
        checked: The parts to leave pictures out of.
        known: What is learnt from; None lets all count.
        labels: The classes.

    Returns:
        The parts, and (file, reason) for each picture that was left out.

    Raises:
        DatasetError: No picture of a class is left in a part that was checked.
    """
    kept, left_out = dict(held_out), []
    for part in held_out:
        if part in checked:
            kept[part], files = _drop_repeats(kept[part], part, known, labels)
            left_out += [(file, f"nearly repeats a picture to {LEARNT[part]}") for file in files]
        known = known and known.plus(kept[part])
    return kept, left_out


def _drop_repeats(
    held_out: HeldOut, part: str, known: Known | None, labels: Sequence[str]
) -> tuple[HeldOut, list[str]]:
    repeats = np.zeros(len(held_out.files), bool)
    if known and len(repeats):
        pair = held_out.inputs, held_out.targets
        repeats = near_duplicates(*pair, known.sources, known.targets, known.rows)
    counts = np.bincount(held_out.targets[~repeats], minlength=len(labels))
    if not counts.all():
        missing = int(counts.argmin())
        of_class = int((held_out.targets == missing).sum())
        why = f", all {of_class} nearly repeat a picture to {LEARNT[part]}; {_ADVICE[part]}"
        raise DatasetError(
            f"{held_out.folder}: of class {labels[missing]!r} no {part} picture is left"
            + (why if of_class else "; add pictures")
        )
    if repeats.sum() * 2 > len(repeats):
        print(
            f"{repeats.sum()} of {len(repeats)} {part} pictures nearly repeat a picture to "
            f"{LEARNT[part]} and do not count; {_ADVICE[part]}",
            file=sys.stderr,
        )
    return _kept(held_out, ~repeats), [str(file) for file in np.array(held_out.files)[repeats]]


def _kept(held_out: HeldOut, kept: npt.NDArray[np.bool_]) -> HeldOut:
    """Some of the pictures, moved in place: a copy may exceed the memory."""
    rows = np.flatnonzero(kept)
    for row, old in enumerate(rows):
        if row != old:
            held_out.inputs[row] = held_out.inputs[old]
    files = tuple(held_out.files[row] for row in rows)
    return HeldOut(held_out.folder, files, held_out.inputs[: len(rows)], held_out.targets[rows])

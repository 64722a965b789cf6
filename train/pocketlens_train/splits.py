"""The pictures of a training, its validation and its test."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pocketlens.cli.printing import print_left_out
from pocketlens.errors import DatasetError
from pocketlens.learning.linear_head import Indices
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.listing import Listing
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train.duplicates import near_duplicates
from pocketlens_train.listing import Listings
from pocketlens_train.pixel_cache import Pictures, load_inputs, load_pictures
from pocketlens_train.settings import Settings
from pocketlens_train.stratified_split import split

_PARTS = ("pictures", "outliers", "validation", "test", "inputs", "outlier-inputs")
CACHES = tuple(f"{part}.npy" for part in _PARTS)
TEST_SPLIT, VALIDATION_SPLIT = 0.3, 0.1
"""The share of all pictures kept for the test where there are no folds, and of the rest."""
_ADVICE = "test on pictures from elsewhere by --test, or let these count by --keep-repeats"


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


@dataclass(frozen=True)
class Splits:
    """All that a training is made of.

    Attributes:
        pictures: Those of the picture folder, as kept for training.
        train: Which of them the network learns from.
        outliers: Pictures of no class, as kept for training.
        validation: Part of the picture folder; none where it is split in folds.
        test: Part of it, or the pictures of the test folder; without near-duplicates of others.
            None of the picture folder where that is split in folds.
        near_duplicates: How many test pictures were left out as such.
        left_out: (file, reason) for each file that was not used.
        test_fingerprint: Of the test folder, where there is one.
        inputs: The pictures and the outliers as predict() has them; none where crops are all that
            is learnt from.
    """

    pictures: Pictures
    train: Indices
    outliers: Pictures | None
    validation: HeldOut
    test: HeldOut
    near_duplicates: int
    left_out: tuple[tuple[str, str], ...]
    test_fingerprint: str | None
    inputs: tuple[Pixels, ...] = ()

    @property
    def sources(self) -> list[Pixels]:
        """What crops are cut from: the pictures, then the outliers."""
        return [each.inputs for each in (self.pictures, self.outliers) if each]

    @property
    def targets(self) -> Indices:
        """For each row of the sources its class; outliers are the class after the last."""
        targets = np.asarray(self.pictures.targets)
        # The last class has pictures: split() refuses one that has not.
        return np.concatenate([targets, np.full(len(self.outlier_rows), targets.max() + 1)])

    @property
    def outlier_rows(self) -> Indices:
        """The rows of the sources that are of no class."""
        first = len(self.pictures.files)
        return np.arange(first, first + (len(self.outliers.files) if self.outliers else 0))

    @property
    def fingerprints(self) -> dict[str, str | None]:
        """Which pictures these are: what must be the same when a training goes on."""
        return {
            "pictures": self.pictures.fingerprint,
            "outliers": self.outliers.fingerprint if self.outliers else None,
        }

    def __str__(self) -> str:
        """The counts, in a line."""
        outliers = f", {len(self.outliers.files):,} outliers" if self.outliers else ""
        if self.inputs:
            test = f", {len(self.test.files):,} to test" if self.test.files else ""
            return (
                f"{len(self.train):,} pictures to train and to test in folds{test}{outliers}; "
                f"{len(self.left_out)} files left out"
            )
        return (
            f"{len(self.train):,} pictures to train, {len(self.validation.files):,} to validate, "
            f"{len(self.test.files):,} to test{outliers}; {len(self.left_out)} files left out, of "
            f"these {self.near_duplicates} test pictures that nearly repeat another"
        )


def load_splits(
    listings: Listings,
    settings: Settings,
    source: Preprocessing,
    preprocessing: Preprocessing,
    caches: Path,
    in_folds: bool = False,
) -> Splits:
    """Reads and splits the pictures, and names what is left out on stderr.

    Args:
        listings: The files.
        settings: The shares of the splits, the seed and whether near-duplicates count.
        source: How training keeps its pictures.
        preprocessing: How pictures become the model's input.
        caches: A folder for the network inputs.
        in_folds: Whether all of the folder is learnt from, and tested fold by fold.

    Raises:
        DatasetError: A class has too few pictures.
        FileError: There is no room for the caches.
    """
    pictures = load_pictures(listings.pictures, source, caches / "pictures.npy")
    left_out = list(pictures.left_out)

    def load_more(listing: Listing | None, kept: Preprocessing, cache: str) -> Pictures | None:
        if listing is None:
            return None
        more = load_pictures(listing, kept, caches / cache)
        left_out.extend((f"{listing.folder.name}/{file}", why) for file, why in more.left_out)
        return more

    outliers = load_more(listings.outliers, source, "outliers.npy")
    own = load_more(listings.test, preprocessing, "test.npy")
    print_left_out(left_out)
    if outliers:
        _check_outliers(outliers, pictures)

    labels, folder = listings.pictures.labels, listings.pictures.folder
    if in_folds:
        for_validation, rest = np.zeros(0, np.intp), [np.zeros(0, np.intp)]
        train = np.arange(len(pictures.files))
    else:
        train, for_validation, *rest = _split(pictures, labels, settings, own is not None)
    if listings.test and own:
        test = HeldOut(listings.test.folder, own.files, own.inputs, np.asarray(own.targets))
    else:
        test = _load_held_out(pictures, folder, rest[0], preprocessing, caches / "test.npy")
    repeats = np.zeros(len(test.files), bool)
    if test.files and not settings.keep_repeats:
        rows = np.concatenate([train, for_validation])
        targets = np.asarray(pictures.targets)
        repeats = near_duplicates(test.inputs, test.targets, pictures.inputs, targets, rows)
    if not in_folds or own:
        _check_test(test, repeats, labels)
    why = "nearly repeats a picture to train or validate"
    left_out += [(str(file), why) for file in np.array(test.files)[repeats]]
    test = _drop_in_place(test, repeats)
    return Splits(
        pictures,
        train,
        outliers,
        _load_held_out(pictures, folder, for_validation, preprocessing, caches / "validation.npy"),
        test,
        int(repeats.sum()),
        tuple(left_out),
        own.fingerprint if own else None,
        _exact_inputs(listings, pictures, outliers, preprocessing, caches) if in_folds else (),
    )


def _split(
    pictures: Pictures, labels: Sequence[str], settings: Settings, has_test: bool
) -> list[Indices]:
    shares = [settings.validation_split or VALIDATION_SPLIT]
    if not has_test:
        shares.insert(0, settings.test_split or TEST_SPLIT)
    return split(pictures.targets, labels, shares=shares, seed=settings.seed)


def _exact_inputs(
    listings: Listings,
    pictures: Pictures,
    outliers: Pictures | None,
    preprocessing: Preprocessing,
    caches: Path,
) -> tuple[Pixels, ...]:
    paths = [listings.pictures.folder / file for file in pictures.files]
    inputs = [load_inputs(paths, preprocessing, caches / "inputs.npy")]
    if listings.outliers and outliers:
        paths = [listings.outliers.folder / file for file in outliers.files]
        inputs.append(load_inputs(paths, preprocessing, caches / "outlier-inputs.npy"))
    return tuple(inputs)


def _check_outliers(outliers: Pictures, pictures: Pictures) -> None:
    if both := set(outliers.digests) & set(pictures.digests):
        raise DatasetError(
            f"{len(both)} of {len(outliers.files)} outliers are also pictures of a class; expected "
            "--outliers with pictures that show none of the classes"
        )


def _load_held_out(
    pictures: Pictures, folder: Path, rows: Indices, preprocessing: Preprocessing, cache: Path
) -> HeldOut:
    files = tuple(pictures.files[row] for row in rows)
    # An empty file cannot be mapped.
    inputs = np.zeros((0, *preprocessing.input_shape), np.uint8)
    if files:
        inputs = load_inputs([folder / file for file in files], preprocessing, cache)
    return HeldOut(folder, files, inputs, np.asarray(pictures.targets)[rows])


def _drop_in_place(test: HeldOut, repeats: npt.NDArray[np.bool_]) -> HeldOut:
    """The test pictures but the repeats, in place: a copy may exceed the memory."""
    kept = np.flatnonzero(~repeats)
    for row, old in enumerate(kept):
        if row != old:
            test.inputs[row] = test.inputs[old]
    files = tuple(test.files[row] for row in kept)
    return HeldOut(test.folder, files, test.inputs[: len(kept)], test.targets[kept])


def _check_test(test: HeldOut, repeats: npt.NDArray[np.bool_], labels: Sequence[str]) -> None:
    """Says what to do where all test pictures of a class, or most of all, repeat another."""
    counts = np.bincount(test.targets[~repeats], minlength=len(labels))
    if not counts.all():
        missing = int(counts.argmin())
        of_class = int((test.targets == missing).sum())
        why = f", all {of_class} nearly repeat a picture to train or validate; {_ADVICE}"
        raise DatasetError(
            f"{test.folder}: of class {labels[missing]!r} no test picture is left"
            + (why if of_class else "; add pictures")
        )
    if repeats.sum() * 2 > len(repeats):
        print(
            f"{repeats.sum()} of {len(repeats)} test pictures nearly repeat a picture to train or "
            f"validate and do not count; {_ADVICE}",
            file=sys.stderr,
        )

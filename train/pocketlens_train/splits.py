"""The pictures of a training, its validation and its test."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pocketlens.cli.printing import print_left_out
from pocketlens.errors import DatasetError
from pocketlens.learning.linear_head import Indices
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.listing import Listing
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train.held_out import LEARNT, HeldOut, Known, load_held_out, without_repeats
from pocketlens_train.listing import Listings
from pocketlens_train.pixel_cache import Pictures, load_inputs, load_pictures
from pocketlens_train.settings import Settings
from pocketlens_train.stratified_split import split

_PARTS = ("pictures", "outliers", "unlabelled", "validation", "test", "inputs", "outlier-inputs")
CACHES = tuple(f"{part}.npy" for part in _PARTS)
TEST_SPLIT, VALIDATION_SPLIT = 0.3, 0.1
"""The share of all pictures kept for the test where there are no folds, and of the rest."""


@dataclass(frozen=True)
class Splits:
    """All that a training is made of.

    Attributes:
        pictures: Those of the picture folder, as kept for training.
        train: Which of them the network learns from.
        outliers: Pictures of no class, as kept for training.
        validation: Part of the picture folder, or of a folder of their own; none in folds.
        test: Likewise; none where all of the picture folder is learnt from or validated on.
        near_duplicates: How many pictures of these were left out because they repeat another.
        left_out: (file, reason) for each file that was not used.
        own_fingerprints: Those of the folders of "validation" and "test", where they have one.
        inputs: The pictures to train, the outliers and the validation pictures, as predict() has
            them; none where crops are all that is learnt from.
        unlabelled: Pictures on which a teacher's answers are learnt, as kept for training.
    """

    pictures: Pictures
    train: Indices
    outliers: Pictures | None
    validation: HeldOut
    test: HeldOut
    near_duplicates: int
    left_out: tuple[tuple[str, str], ...]
    own_fingerprints: dict[str, str]
    inputs: tuple[Pixels, ...] = ()
    unlabelled: Pictures | None = None

    @property
    def sources(self) -> list[Pixels]:
        """What crops are cut from: the pictures, then the outliers and the unlabelled ones."""
        return [each.inputs for each in (self.pictures, self.outliers, self.unlabelled) if each]

    @property
    def targets(self) -> Indices:
        """For each row of the sources that has one its class; outliers' is after the last."""
        targets = np.asarray(self.pictures.targets)
        # The last class has pictures: split() refuses one that has not.
        return np.concatenate([targets, np.full(len(self.outlier_rows), targets.max() + 1)])

    @property
    def outlier_rows(self) -> Indices:
        """The rows of the sources that are of no class."""
        first = len(self.pictures.files)
        return np.arange(first, first + (len(self.outliers.files) if self.outliers else 0))

    @property
    def outliers_per_epoch(self) -> int:
        """As many as of a class: more would drown a small set."""
        classes = max(self.pictures.targets) + 1
        return min(len(self.outlier_rows), len(self.train) // classes)

    @property
    def unlabelled_rows(self) -> Indices:
        """The rows of the sources that have no label."""
        first = len(self.targets)
        return np.arange(first, first + (len(self.unlabelled.files) if self.unlabelled else 0))

    @property
    def learnt(self) -> Indices:
        """The rows of the sources whose labels are learnt: the first of `inputs`."""
        return np.concatenate([self.train, self.outlier_rows])

    @property
    def measured(self) -> HeldOut:
        """What the figure is of where there are no folds: if need be, the validation pictures."""
        return self.test if self.test.files else self.validation

    @property
    def fingerprints(self) -> dict[str, str | None]:
        """Which pictures these are: what must be the same when a training goes on."""
        return {
            "pictures": self.pictures.fingerprint,
            "outliers": self.outliers.fingerprint if self.outliers else None,
            "validation": self.own_fingerprints.get("validation"),
            "unlabelled": self.unlabelled.fingerprint if self.unlabelled else None,
            "train": hashlib.sha256(self.train.tobytes()).hexdigest(),
        }

    def __str__(self) -> str:
        """The counts, in a line."""
        outliers = f", {len(self.outliers.files):,} outliers" if self.outliers else ""
        if self.unlabelled:
            outliers += f", {len(self.unlabelled.files):,} unlabelled"
        if not self.validation.files:
            test = f", {len(self.test.files):,} to test" if self.test.files else ""
            return (
                f"{len(self.train):,} pictures to train and to test in folds{test}{outliers}; "
                f"{len(self.left_out)} files left out"
            )
        return (
            f"{len(self.train):,} pictures to train, {len(self.validation.files):,} to validate, "
            f"{len(self.test.files):,} to test{outliers}; {len(self.left_out)} files left out, of "
            f"these {self.near_duplicates} to validate or test that nearly repeat another"
        )


def load_splits(
    listings: Listings,
    settings: Settings,
    source: Preprocessing,
    preprocessing: Preprocessing,
    caches: Path,
    folds: int = 0,
) -> Splits:
    """Reads and splits the pictures, and names what is left out on stderr.

    Args:
        listings: The files.
        settings: The shares of the splits, the seed and whether near-duplicates count.
        source: How training keeps its pictures.
        preprocessing: How pictures become the model's input.
        caches: A folder for the network inputs.
        folds: As of the plan.

    Raises:
        DatasetError: A class has too few pictures.
        FileError: There is no room for the caches.
    """
    pictures = load_pictures(listings.pictures, source, caches / "pictures.npy")
    left_out = list(pictures.left_out)

    def load_more(part: str, kept: Preprocessing, known: Collection[str] = ()) -> Pictures | None:
        listing: Listing | None = getattr(listings, part)
        if listing is None:
            return None
        more = load_pictures(listing, kept, caches / f"{part}.npy", known)
        left_out.extend((f"{listing.folder.name}/{file}", why) for file, why in more.left_out)
        return more

    outliers = load_more("outliers", source)
    own = {part: load_more(part, preprocessing) for part in LEARNT}
    unlabelled = None
    if listings.unlabelled:
        labelled = [each for each in (pictures, outliers, *own.values()) if each]
        unlabelled = load_more("unlabelled", source, {d for each in labelled for d in each.digests})
    print_left_out(left_out)
    _check_more(pictures, outliers, unlabelled)
    rows = {"train": np.arange(len(pictures.files))}
    if folds < 2:
        rows = _split(pictures, listings, settings)
    known = Known((pictures.inputs,), np.asarray(pictures.targets), rows["train"])
    held_out, repeats = without_repeats(
        {
            part: HeldOut.all_of(theirs)
            if theirs
            else load_held_out(pictures, rows.get(part), preprocessing, caches / f"{part}.npy")
            for part, theirs in own.items()
        },
        # A part of the folder is validated on as it is: the figure is not of it.
        [part for part, theirs in own.items() if theirs or (part == "test" and part in rows)],
        None if settings.keep_repeats else known,
        listings.pictures.labels,
    )
    splits = Splits(
        pictures=pictures,
        train=rows["train"],
        outliers=outliers,
        validation=held_out["validation"],
        test=held_out["test"],
        near_duplicates=len(repeats),
        left_out=(*left_out, *repeats),
        own_fingerprints={part: each.fingerprint for part, each in own.items() if each},
        unlabelled=unlabelled,
    )
    return replace(splits, inputs=_exact_inputs(splits, preprocessing, caches) if folds else ())


def _split(pictures: Pictures, listings: Listings, settings: Settings) -> dict[str, Indices]:
    """The rows to train, and of the parts that have no folder of their own."""
    shares = {}
    if not listings.test and (not listings.validation or settings.test_split):
        shares["test"] = settings.test_split or TEST_SPLIT
    if not listings.validation:
        shares["validation"] = settings.validation_split or VALIDATION_SPLIT
    rows = split(
        pictures.targets,
        listings.pictures.labels,
        shares=tuple(shares.values()),
        seed=settings.seed,
        options=[f"--{part}-split" for part in shares],
    )
    return dict(zip(("train", *reversed(shares)), rows, strict=True))


def _exact_inputs(splits: Splits, preprocessing: Preprocessing, caches: Path) -> tuple[Pixels, ...]:
    pictures, outliers = splits.pictures, splits.outliers
    paths = [pictures.folder / pictures.files[row] for row in splits.train]
    inputs = [load_inputs(paths, preprocessing, caches / "inputs.npy")]
    if outliers:
        paths = [outliers.folder / file for file in outliers.files]
        inputs.append(load_inputs(paths, preprocessing, caches / "outlier-inputs.npy"))
    return (*inputs, splits.validation.inputs)


def _check_more(pictures: Pictures, outliers: Pictures | None, unlabelled: Pictures | None) -> None:
    if outliers and (both := set(outliers.digests) & set(pictures.digests)):
        raise DatasetError(
            f"{len(both)} of {len(outliers.files)} outliers are also pictures of a class; expected "
            "--outliers with pictures that show none of the classes"
        )
    if unlabelled and not unlabelled.files:
        raise DatasetError(
            f"{unlabelled.folder}: no unlabelled picture is left: all are labelled or cannot be "
            "read; add pictures"
        )

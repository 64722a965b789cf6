"""The folders of a training -> its pictures, read, split and freed of repeats."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
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
from pocketlens_train.splits import Splits
from pocketlens_train.stratified_split import split

_PARTS = ("pictures", "outliers", "unlabelled", "validation", "test", "inputs", "outlier-inputs")
CACHES = tuple(f"{part}.npy" for part in _PARTS)
_TEST_SPLIT, _VALIDATION_SPLIT = 0.3, 0.1
"""The share of all pictures kept for the test where there are no folds, and of the rest."""


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

    def load(part: str, kept: Preprocessing, known: Collection[str] = ()) -> Pictures | None:
        listing: Listing | None = getattr(listings, part)
        return load_pictures(listing, kept, caches / f"{part}.npy", known) if listing else None

    pictures = load_pictures(listings.pictures, source, caches / "pictures.npy")
    outliers = load("outliers", source)
    own = {part: load(part, preprocessing) for part in LEARNT}
    labelled = [each for each in (pictures, outliers, *own.values()) if each]
    unlabelled = None
    if listings.unlabelled:
        unlabelled = load("unlabelled", source, {d for each in labelled for d in each.digests})
    left_out = _left_out(pictures, [outliers, *own.values(), unlabelled])
    print_left_out(left_out)
    _check_more(pictures, outliers, unlabelled)
    everything = {"train": np.arange(len(pictures.files))}
    rows = _split(pictures, listings, settings) if folds < 2 else everything
    held_out = {
        part: HeldOut.all_of(theirs)
        if theirs
        else load_held_out(pictures, rows.get(part), preprocessing, caches / f"{part}.npy")
        for part, theirs in own.items()
    }
    # A part of the folder is validated on as it is: the figure is not of it.
    checked = [part for part, theirs in own.items() if theirs or (part == "test" and part in rows)]
    known = Known((pictures.inputs,), np.asarray(pictures.targets), rows["train"])
    held_out, repeats = without_repeats(
        held_out, checked, None if settings.keep_repeats else known, listings.pictures.labels
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


def _left_out(pictures: Pictures, others: Sequence[Pictures | None]) -> list[tuple[str, str]]:
    """What was not used; of other folders with their name."""
    left_out = list(pictures.left_out)
    for each in filter(None, others):
        left_out += [(f"{each.folder.name}/{file}", why) for file, why in each.left_out]
    return left_out


def _split(pictures: Pictures, listings: Listings, settings: Settings) -> dict[str, Indices]:
    """The rows to train, and of the parts that have no folder of their own."""
    shares = {}
    if not listings.test and (not listings.validation or settings.test_split):
        shares["test"] = settings.test_split or _TEST_SPLIT
    if not listings.validation:
        shares["validation"] = settings.validation_split or _VALIDATION_SPLIT
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

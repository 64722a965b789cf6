"""The pictures of a training, its validation and its test."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pocketlens.cli.printing import printable
from pocketlens.decoding import Pixels
from pocketlens.errors import DatasetError
from pocketlens.preprocessing import Preprocessing
from pocketlens_train.dataset import Indices, Listing, split
from pocketlens_train.duplicates import near_duplicates
from pocketlens_train.loading import Pictures, load_inputs, load_pictures
from pocketlens_train.recipe import Recipe

CACHES = ("pictures.npy", "outliers.npy", "validation.npy", "test.npy")


@dataclass(frozen=True)
class Part:
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
class Material:
    """All that a training is made of.

    Attributes:
        pictures: Those of the picture folder, as kept for training.
        train: Which of them the network learns from.
        outliers: Pictures of no class, as kept for training.
        validation: Part of the picture folder.
        test: Part of it, or the pictures of the test folder.
        near_duplicates: For each test picture whether it nearly repeats one of the others.
        test_fingerprint: Of the test folder, where there is one.
        left_out: (file, reason) for each file that was not used.
    """

    pictures: Pictures
    train: Indices
    outliers: Pictures | None
    validation: Part
    test: Part
    near_duplicates: npt.NDArray[np.bool_]
    left_out: tuple[tuple[str, str], ...]
    test_fingerprint: str | None


def load_material(
    listing: Listing,
    test_listing: Listing | None,
    outlier_listing: Listing | None,
    caches: Path,
    recipe: Recipe,
    preprocessing: Preprocessing,
    *,
    test_split: float,
    validation_split: float,
    seed: int,
) -> Material:
    """Reads and splits the pictures.

    Args:
        listing: The classes' pictures.
        test_listing: The test pictures, where they have a folder of their own.
        outlier_listing: Pictures of no class.
        caches: A folder for the network inputs.
        recipe: How training keeps its pictures.
        preprocessing: The recipe that the model will carry.
        test_split: The share of `listing` for the test, where there is no test folder.
        validation_split: The share of the rest for validation.
        seed: Same seed, same split.

    Raises:
        DatasetError: A class has too few pictures.
        FileError: There is no room for the caches.
    """
    source = recipe.source(preprocessing)
    pictures = load_pictures(listing, source, caches / "pictures.npy")
    outliers = None
    if outlier_listing:
        outliers = load_pictures(outlier_listing, source, caches / "outliers.npy")
    targets = np.asarray(pictures.targets)

    own = None
    if test_listing:
        own = load_pictures(test_listing, preprocessing, caches / "test.npy")
    left_out = list(pictures.left_out)
    for more, other in ((outlier_listing, outliers), (test_listing, own)):
        if more and other:
            left_out += [(f"{more.folder.name}/{file}", why) for file, why in other.left_out]
    for file, reason in left_out:
        print(f"left out: {printable(file)}: {printable(reason)}", file=sys.stderr)

    if outliers and (both := set(outliers.digests) & set(pictures.digests)):
        raise DatasetError(
            f"{len(both)} of {len(outliers.files)} outliers are also pictures of a class; expected "
            "--outliers with pictures that show none of the classes"
        )

    def part(name: str, indices: Indices) -> Part:
        files = tuple(pictures.files[index] for index in indices)
        paths = [listing.folder / file for file in files]
        inputs = load_inputs(paths, preprocessing, caches / f"{name}.npy")
        return Part(listing.folder, files, inputs, targets[indices])

    shares = (validation_split,) if test_listing else (test_split, validation_split)
    train, validation, *rest = split(pictures.targets, listing.labels, shares=shares, seed=seed)
    if test_listing and own:
        test = Part(test_listing.folder, own.files, own.inputs, np.asarray(own.targets))
    else:
        test = part("test", rest[0])
    found = near_duplicates(test.inputs, pictures.inputs, np.concatenate([train, validation]))
    for file in np.array(test.files)[found]:
        left_out.append((str(file), "nearly repeats a picture to train or validate"))
    counts = np.bincount(test.targets[~found], minlength=len(listing.labels))
    if not counts.all():
        raise DatasetError(
            f"{test.folder}: of class {listing.labels[int(counts.argmin())]!r} no test picture is "
            f"left ({found.sum()} of all {len(found)} nearly repeat a picture to train or validate)"
        )
    return Material(
        pictures,
        train,
        outliers,
        part("validation", validation),
        test,
        found,
        tuple(left_out),
        own.fingerprint if own else None,
    )

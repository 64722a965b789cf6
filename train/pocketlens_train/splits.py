"""The pictures of a training, its validation and its test."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pocketlens.errors import DatasetError
from pocketlens.names import printable
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.folders import SYSTEM, PassedOver
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train.duplicates import near_duplicates
from pocketlens_train.listing import Listing
from pocketlens_train.pixel_cache import Pictures, load_inputs, load_pictures
from pocketlens_train.recipe import Recipe
from pocketlens_train.splitting import Indices, split

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
    keep_repeats: bool,
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
        keep_repeats: Whether test pictures count that nearly repeat another.

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
    _print(left_out)

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
    found = np.zeros(len(test.files), bool)
    if not keep_repeats:
        learnt = np.concatenate([train, validation])
        found = near_duplicates(test.inputs, test.targets, pictures.inputs, targets, learnt)
    _check_test(test, found, listing.labels)
    for file in np.array(test.files)[found]:
        left_out.append((str(file), "nearly repeats a picture to train or validate"))
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


def _check_test(test: Part, found: npt.NDArray[np.bool_], labels: Sequence[str]) -> None:
    """Says what to do where all test pictures of a class, or most of all, repeat another."""
    advice = "test on pictures from elsewhere by --test, or let these count by --keep-repeats"
    counts = np.bincount(test.targets[~found], minlength=len(labels))
    if not counts.all():
        missing = int(counts.argmin())
        of_class = int((test.targets == missing).sum())
        why = f", all {of_class} nearly repeat a picture to train or validate; {advice}"
        raise DatasetError(
            f"{test.folder}: of class {labels[missing]!r} no test picture is left"
            + (why if of_class else "; add pictures")
        )
    if found.sum() * 2 > len(found):
        print(
            f"{found.sum()} of {len(found)} test pictures nearly repeat a picture to train or "
            f"validate and do not count; {advice}",
            file=sys.stderr,
        )


def _print(left_out: Sequence[tuple[str, str]]) -> None:
    """Names what is left out, but counts hidden and system files and folders."""
    passed = PassedOver()
    for file, reason in left_out:
        if reason == SYSTEM:
            passed.add(reason, file)
        else:
            print(f"left out: {printable(file)}: {printable(reason)}", file=sys.stderr)
    if passed.count():
        print(f"passed over: {printable(str(passed))}", file=sys.stderr)

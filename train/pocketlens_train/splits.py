"""The pictures of a training, its validation and its test."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from pocketlens.learning.linear_head import Indices
from pocketlens.names import counted
from pocketlens.pictures.decoding import Pixels
from pocketlens_train.held_out import HeldOut
from pocketlens_train.pixel_cache import Pictures


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
        left_out = f"{counted(len(self.left_out), 'file')} left out"
        if not self.validation.files:
            test = f", {len(self.test.files):,} to test" if self.test.files else ""
            return (
                f"{len(self.train):,} pictures to train and to test in folds{test}{outliers}; "
                f"{left_out}"
            )
        return (
            f"{len(self.train):,} pictures to train, {len(self.validation.files):,} to validate, "
            f"{len(self.test.files):,} to test{outliers}; {left_out}, of "
            f"these {self.near_duplicates} to validate or test that nearly repeat another"
        )

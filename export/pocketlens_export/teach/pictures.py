"""A folder's pictures -> features of those that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketlens.cli.printing import print_left_out
from pocketlens.errors import DatasetError
from pocketlens.features.extractor import FeatureExtractor, PictureFeatures
from pocketlens.learning.folds import merge_repeats, named_groups
from pocketlens.learning.linear_head import Features, Indices
from pocketlens.names import counted, listed
from pocketlens.pictures.listing import Listing
from pocketlens.pictures.reading import ReadFiles, read_listing
from pocketlens_export.teach.progress import say, show_reading


@dataclass(frozen=True)
class FolderFeatures:
    """What the frozen network makes of N pictures.

    Attributes:
        read: Their names, classes and digests, and what was left out.
        plain: The pooled feature maps, N x D.
        mirrored: Those of the mirror images.
        bottleneck: What familiarity is measured by, N x E.
    """

    read: ReadFiles
    plain: Features
    mirrored: Features
    bottleneck: Features

    @property
    def targets(self) -> Indices:
        """For each picture its class."""
        return np.array(self.read.targets, np.intp)

    def groups(self, named: str | None, keep_repeats: bool) -> Indices:
        """Which pictures belong together, by their names and by what they show."""
        groups = named_groups(self.read.files, named)
        return groups if keep_repeats else merge_repeats(groups, self.plain, self.targets)


def extract_features(listing: Listing, extractor: FeatureExtractor) -> FolderFeatures:
    """Reads the pictures, and names what is left out on stderr.

    Raises:
        DatasetError: None of them is a picture.
    """
    count, classes = len(listing.files), len(listing.labels)
    say(f"reading {counted(count, 'picture')} of {counted(classes, 'class', 'classes')}")
    rows: list[PictureFeatures] = []
    read = read_listing(
        listing, extractor.extract, rows.append, lambda loaded: show_reading(loaded, count)
    )
    print_left_out(read.left_out)
    if not rows:
        raise DatasetError(f"{listing.folder}: has no picture among {counted(count, 'file')}")
    return FolderFeatures(read, *map(np.stack, zip(*rows, strict=True)))


def check_classes(labels: Sequence[str], targets: Indices, folder: Path) -> None:
    """Refuses a class without a picture that can be used.

    Args:
        labels: The classes.
        targets: For each picture its class.
        folder: Where the pictures are, for the message.

    Raises:
        DatasetError: Names it.
    """
    counts = np.bincount(targets, minlength=len(labels))
    if not counts.all():
        empty = [label for label, count in zip(labels, counts, strict=True) if not count]
        raise DatasetError(
            f"{folder}: no picture can be used of {listed(empty)}; add pictures of it, or take its "
            "folder away"
        )

"""Pictures to train, to validate and to test, with the classes in proportion."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from sklearn.model_selection import train_test_split

from pocketlens.errors import DatasetError
from pocketlens.learning.linear_head import Indices


def split(
    targets: Sequence[int], labels: Sequence[str], *, shares: Sequence[float], seed: int
) -> list[Indices]:
    """Splits pictures so that each part has the classes in the same proportion.

    Args:
        targets: The class of each picture.
        labels: The names of the classes, for messages.
        shares: The share of the last part of all pictures, then of the one before it of the rest,
            and so on: (0.3, 0.1) gives 63 % training, 7 % validation and 30 % test.
        seed: Same seed, same split.

    Returns:
        Ascending indices of the parts, the training pictures first.

    Raises:
        DatasetError: A class has too few pictures to be in all parts.
    """
    counts = Counter(targets)
    parts = len(shares) + 1
    for target, label in enumerate(labels):
        if counts[target] < parts:
            raise DatasetError(
                f"class {label!r} has {counts[target]} usable picture(s), expected at least "
                f"{parts}: one each to train, validate{' and test' if parts > 2 else ''}"
            )
    y = np.asarray(targets)
    rest, split_off = np.arange(len(y)), []
    options = ("--test-split", "--validation-split")[-len(shares) :]
    for share, option in zip(shares, options, strict=True):
        if advice := _wrong_share(len(rest), len(labels), share, option):
            raise DatasetError(
                f"{len(y)} pictures of {len(labels)} classes cannot be split: {advice}"
            )
        try:
            rest, part = train_test_split(
                rest, test_size=share, stratify=y[rest], random_state=seed
            )
        except ValueError as error:
            # Too many of a small class went into the part before.
            smallest = labels[min(counts, key=lambda target: counts[target])]
            raise DatasetError(
                f"{len(y)} pictures cannot be split so that each class is in every part; add "
                f"pictures, above all to {smallest!r}"
            ) from error
        split_off.append(np.sort(part))
    return [np.sort(rest), *reversed(split_off)]


def _wrong_share(pictures: int, classes: int, share: float, option: str) -> str:
    """What is wrong with a share that leaves a class out on one side; nothing if none is."""
    part = math.ceil(share * pictures)
    if classes <= part <= pictures - classes:
        return ""
    text = (
        f"{option} {share:g} takes {part} of {pictures}, expected one or more of each class on "
        "both sides; add pictures"
    )
    if pictures < 2 * classes:
        return text
    least = math.ceil(100 * classes / pictures) / 100
    most = math.floor(100 * (pictures - classes) / pictures) / 100
    return f"{text} or try {option} {least if part < classes else most:g}"

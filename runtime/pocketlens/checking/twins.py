"""Whether two pictures are one: compressed anew, cropped, mirrored, made lighter or darker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from pocketlens.checking.findings import (
    ACROSS_CLASSES,
    ACROSS_SPLITS,
    EXACT_DUPLICATE,
    NEAR_DUPLICATE,
    Finding,
)
from pocketlens.checking.folder import Folder
from pocketlens.checking.reading import THUMBNAIL, Seen
from pocketlens.learning.linear_head import Indices
from pocketlens.pictures.decoding import Pixels

_LEAST_CORRELATION = 0.94
_SIDES = range(THUMBNAIL, round(0.86 * THUMBNAIL), -1)
"""Of a cropped picture as it lies in the whole one."""


def same_pictures(thumbnails: Any, pairs: Indices) -> Indices:
    """Those of the pairs that show the same picture, M x 2.

    Args:
        thumbnails: N x THUMBNAIL x THUMBNAIL, grey.
        pairs: M x 2.
    """
    found = [_is_same(thumbnails[first], thumbnails[second]) for first, second in pairs]
    return np.asarray(pairs[np.array(found, bool)])


def _is_same(first: Pixels, second: Pixels) -> bool:
    tries = ((whole, part) for whole, part in ((first, second), (second, first)))
    return any(
        _best_correlation(whole, np.ascontiguousarray(each)) >= _LEAST_CORRELATION
        for whole, part in tries
        for each in (part, part[:, ::-1])
    )


def _best_correlation(whole: Pixels, part: Pixels) -> float:
    """The correlation of luma where the part, reduced, fits best; light does not change it."""
    best = -1.0
    for side in _SIDES:
        small = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)
        best = max(best, float(cv2.matchTemplate(whole, small, cv2.TM_CCOEFF_NORMED).max()))
    return best


def repeats(folder: Folder, seen: Seen, near: Indices) -> Iterator[Finding]:
    """Yields a finding for each picture that repeats an earlier one.

    Args:
        folder: The files.
        seen: What was read of them.
        near: Pairs that show the same picture, the earlier one first.
    """
    exact = [(int(first), row) for row, first in enumerate(seen.first) if first != row]
    names = [folder.files[place] for place in seen.rows]
    of: dict[tuple[str, int], list[int]] = defaultdict(list)
    for pairs, kind in ((exact, EXACT_DUPLICATE), (near.tolist(), NEAR_DUPLICATE)):
        for first, second in pairs:
            of[_relation(folder, seen, first, second) or kind, second].append(first)
    for (kind, row), firsts in of.items():
        is_exact = seen.first[row] != row
        others = tuple(names[first] for first in firsts)
        words = "has the same bytes as" if is_exact else "shows the same picture as"
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        place = seen.rows[firsts[0]]
        where = {
            ACROSS_CLASSES: f", given as {folder.labels[folder.targets[place]]!r}",
            ACROSS_SPLITS: f", in {folder.parts[folder.in_parts[place]]}",
        }.get(kind, "")
        reason = f"{words} {others[0]}{more}{where}"
        yield Finding(kind, names[row], reason, others, exclude=kind == EXACT_DUPLICATE)


def _relation(folder: Folder, seen: Seen, first: int, second: int) -> str | None:
    places = seen.rows[first], seen.rows[second]
    if folder.targets[places[0]] != folder.targets[places[1]]:
        return ACROSS_CLASSES
    if folder.in_parts[places[0]] != folder.in_parts[places[1]]:
        return ACROSS_SPLITS
    return None

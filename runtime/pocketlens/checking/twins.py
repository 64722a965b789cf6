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
from pocketlens.checking.neighbours import Neighbours
from pocketlens.checking.reading import THUMBNAIL, Seen
from pocketlens.learning.linear_head import Indices
from pocketlens.pictures.decoding import Pixels

_LEAST_CORRELATION = 0.92
_MAX_SHARE = 0.25
"""Of what other neighbours lack to be the same."""
_SIDES = range(THUMBNAIL, round(0.86 * THUMBNAIL), -1)
"""Of a cropped picture as it lies in the whole one."""


def same_pictures(thumbnails: Any, near: Neighbours) -> Indices:
    """Those of the pairs that show the same picture, M x 2.

    Before a camera that never moves all pictures correlate: a pair must do so far better than one
    of it with its other neighbours.

    Args:
        thumbnails: N x THUMBNAIL x THUMBNAIL, grey.
        near: Candidates.
    """
    found = []
    for (first, second), others in zip(near.pairs, near.others, strict=True):
        usual = float(np.median([_correlation(thumbnails[first], thumbnails[o]) for o in others]))
        least = max(_LEAST_CORRELATION, 1 - _MAX_SHARE * (1 - usual))
        found.append(_is_same(thumbnails[first], thumbnails[second], least))
    return np.asarray(near.pairs[np.array(found, bool)])


def _is_same(first: Pixels, second: Pixels, least: float) -> bool:
    return any(
        _best_correlation(whole, np.ascontiguousarray(each)) >= least
        for whole, part in ((first, second), (second, first))
        for each in (part, part[:, ::-1])
    )


def _correlation(whole: Pixels, part: Pixels) -> float:
    return float(cv2.matchTemplate(whole, part, cv2.TM_CCOEFF_NORMED).max())


def _best_correlation(whole: Pixels, part: Pixels) -> float:
    """The correlation of luma where the part, reduced, fits best; light does not change it."""
    best = -1.0
    for side in _SIDES:
        small = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)
        best = max(best, _correlation(whole, np.asarray(small, np.uint8)))
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
        words = "has the same bytes as" if is_exact else "shows nearly the same as"
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

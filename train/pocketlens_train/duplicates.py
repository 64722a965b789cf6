"""Test pictures that are training pictures over again, recompressed or resized a little.

They would make the test figure look better than it is.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.learning.linear_head import Indices
from pocketlens.pictures.decoding import Pixels

_SIDE = 32
_MAX_BITS = 6
_MAX_DIFFERENCE = 0.05
_NEIGHBOURS = 10
_MAX_SHARE = 0.25


def near_duplicates(
    pictures: Pixels, targets: Indices, others: Pixels, other_targets: Indices, rows: Indices
) -> npt.NDArray[np.bool_]:
    """Finds the pictures that are nearly equal to one of the others of the same class.

    Candidates share all but 6 bits of a 64-bit difference hash; of these, grey thumbnails of 16x16
    pixels that differ by less than 5 % of their contrast in the mean are the same picture. Where
    a camera never moves, all of a class are as near as that: the nearest one must also stand out
    from the ten that follow it.

    Args:
        pictures: uint8, N x H x W x C.
        targets: The classes of these.
        others: uint8, M x H x W x C, of any size.
        other_targets: The classes of these.
        rows: Which of the others count.

    Returns:
        N booleans.
    """
    mine, theirs = _thumbnails(pictures, np.arange(len(pictures))), _thumbnails(others, rows)
    my_small, their_small = _halved(mine), _halved(theirs)
    their_hashes = _difference_hash(their_small)
    of_class = {target: np.flatnonzero(other_targets[rows] == target) for target in set(targets)}
    found = np.zeros(len(mine), bool)
    for row, value in enumerate(_difference_hash(my_small)):
        same = of_class[targets[row]]
        candidates = same[np.bitwise_count(their_hashes[same] ^ value) <= _MAX_BITS]
        difference = np.abs(their_small[candidates] - my_small[row]).mean(axis=(1, 2))
        # At least one grey level, for pictures of one colour.
        is_near = (difference < max(1, _MAX_DIFFERENCE * my_small[row].std())).any()
        found[row] = is_near and _stands_out(mine[row], theirs[same])
    return found


def _stands_out(thumbnail: Pixels, others: Pixels) -> bool:
    """Whether the nearest of the others is far nearer than the next ones usually are.

    By the pixel that differs most: what is compressed anew differs a little everywhere, another
    thing before the same camera much in one place.
    """
    gaps = np.maximum(others, thumbnail) - np.minimum(others, thumbnail)
    distances = np.sort(gaps.max(axis=(1, 2)))
    usual = distances[1 : 1 + _NEIGHBOURS]
    return not len(usual) or bool(distances[0] <= _MAX_SHARE * np.median(usual))


def _thumbnails(pictures: Pixels, rows: Indices) -> Pixels:
    thumbnails = np.empty((len(rows), _SIDE, _SIDE), np.uint8)
    for place, row in enumerate(rows):
        small = cv2.resize(pictures[row], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        thumbnails[place] = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return thumbnails


def _halved(thumbnails: Pixels) -> npt.NDArray[np.float32]:
    half = _SIDE // 2
    fields = thumbnails.reshape(-1, half, 2, half, 2)
    return np.asarray(fields.mean(axis=(2, 4), dtype=np.float32))


def _difference_hash(thumbnails: npt.NDArray[np.float32]) -> npt.NDArray[np.uint64]:
    """Whether each of 8x8 fields is brighter than its right neighbour, as one number."""
    fields = thumbnails.reshape(len(thumbnails), 8, 2, 8, 2).mean(axis=(2, 4))
    wrapped = np.concatenate([fields, fields[:, :, :1]], axis=2)
    bits = wrapped[:, :, :-1] > wrapped[:, :, 1:]
    packed = np.packbits(bits.reshape(len(bits), 64), axis=1)
    return packed.view(np.uint64)[:, 0]

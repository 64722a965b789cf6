"""Test pictures that are training pictures over again, recompressed or resized a little.

They would make the test figure look better than it is.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.decoding import Pixels
from pocketlens_train.dataset import Indices

_SIDE = 16
_MAX_BITS = 6
_MAX_DIFFERENCE = 0.05


def near_duplicates(pictures: Pixels, others: Pixels, rows: Indices) -> npt.NDArray[np.bool_]:
    """Finds the pictures that are nearly equal to one of the others.

    Candidates share all but 6 bits of a 64-bit difference hash; of these, grey thumbnails of 16x16
    pixels that differ by less than 5 % of their contrast in the mean are the same picture.

    Args:
        pictures: uint8, N x H x W x C.
        others: uint8, M x H x W x C, of any size.
        rows: Which of the others count.

    Returns:
        N booleans.
    """
    mine = _thumbnails(pictures, np.arange(len(pictures)))
    theirs = _thumbnails(others, rows)
    their_hashes = _difference_hash(theirs)
    found = np.zeros(len(mine), bool)
    for row, value in enumerate(_difference_hash(mine)):
        candidates = np.flatnonzero(np.bitwise_count(their_hashes ^ value) <= _MAX_BITS)
        difference = np.abs(theirs[candidates] - mine[row]).mean(axis=(1, 2))
        # At least one grey level, for pictures of one colour.
        found[row] = bool((difference < max(1, _MAX_DIFFERENCE * mine[row].std())).any())
    return found


def _thumbnails(pictures: Pixels, rows: Indices) -> npt.NDArray[np.float32]:
    thumbnails = np.empty((len(rows), _SIDE, _SIDE), np.float32)
    for place, row in enumerate(rows):
        small = cv2.resize(pictures[row], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        thumbnails[place] = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return thumbnails


def _difference_hash(thumbnails: npt.NDArray[np.float32]) -> npt.NDArray[np.uint64]:
    """Whether each of 8x8 fields is brighter than its right neighbour, as one number."""
    rows = thumbnails.reshape(len(thumbnails), 8, 2, _SIDE).mean(axis=2)
    columns = np.stack([rows[:, :, i * 2 : i * 2 + 2].mean(axis=2) for i in range(8)], axis=2)
    wrapped = np.concatenate([columns, columns[:, :, :1]], axis=2)
    bits = wrapped[:, :, :-1] > wrapped[:, :, 1:]
    packed = np.packbits(bits.reshape(len(bits), 64), axis=1)
    return packed.view(np.uint64)[:, 0]

"""Values of 16 bits -> 8 bits."""

from __future__ import annotations

import warnings
from threading import Lock
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.errors import DepthWarning

HIGH_BITS, OWN_RANGE = "high_bits", "own_range"
DEPTHS = (HIGH_BITS, OWN_RANGE)
LOW = 2**14
"""Values below it are at most a quarter as bright as 16 bits can say: a camera of 10 to 14 bits."""

_lock = Lock()
_is_said = False


def stretched(values: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint8]:
    """The picture's own range, from its smallest to its largest value, as 0 to 255.

    Args:
        values: H x W, or H x W x channels, which share one range.
    """
    empty: Any = None
    return np.asarray(cv2.normalize(values, empty, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U), np.uint8)


def is_noted() -> bool:
    """Whether note_low_range() has warned."""
    return _is_said


def note_low_range(values: npt.NDArray[np.uint16]) -> None:
    """Warns, once in a process, of a 16-bit picture whose 8 high bits hold little of it."""
    global _is_said
    if values.max() >= LOW:
        return
    with _lock:
        if _is_said:
            return
        _is_said = True
    warnings.warn(
        f"a picture of 16 bits uses only values below {LOW}, as cameras of 10 to 14 bits write "
        "them: its 8 high bits, which are taken, are nearly black; a model trained with "
        "`pocketlens train --depth own_range` stretches the range of each 16-bit picture",
        DepthWarning,
        stacklevel=2,
    )

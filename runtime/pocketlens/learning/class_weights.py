"""How much a picture counts, so that a small class is not drowned by a large one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

AUTO, BALANCED, NONE = "auto", "balanced", "none"
CLASS_WEIGHTS = (AUTO, BALANCED, NONE)
_POWERS = {AUTO: 0.5, BALANCED: 1.0, NONE: 0.0}


def output_weights(
    targets: npt.NDArray[np.intp], outputs: int, kind: str
) -> npt.NDArray[np.float64]:
    """For each output how much one of its pictures counts; 1 in the mean over the pictures.

    Args:
        targets: For each picture its class.
        outputs: The number of outputs; one without pictures counts 1.
        kind: "balanced": all classes count alike; "none": all pictures do; "auto": half-way, each
            class by the square root of its pictures, which equal classes do not notice.
    """
    counts = np.bincount(targets, minlength=outputs)
    weights = np.maximum(counts, 1.0) ** -_POWERS[kind]
    weights *= len(targets) / (weights * counts).sum()
    return np.where(counts > 0, weights, 1.0)

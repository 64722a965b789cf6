"""The 95 % interval of a share."""

from __future__ import annotations

import math

Z = 1.959963984540054
"""Of a 95 % interval."""


def wilson_interval(right: float, total: float) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): honest near 0 and 1, and for few pictures.

    Args:
        right: How many are counted.
        total: Of how many; an effective number need not be whole.
    """
    share, spread = right / total, Z * Z / total
    center = share + spread / 2
    width = Z * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    return (
        0.0 if right == 0 else (center - width) / (1 + spread),
        1.0 if right == total else (center + width) / (1 + spread),
    )

"""What predict() of two models takes, in turns in one process: a ratio, whatever else runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pocketlens.classifier import Classifier

_ROUNDS, _WARM_UP = 100, 5


class Latency(NamedTuple):
    """Milliseconds of one predict() from a file's bytes, one thread.

    Attributes:
        p50: Medians of both.
        p90: Of both.
        p99: Of both.
        ratio: The second's median over the first's.
    """

    p50: tuple[float, float]
    p90: tuple[float, float]
    p99: tuple[float, float]
    ratio: float


def time_in_turns(models: tuple[Classifier, Classifier], files: Sequence[Path]) -> Latency:
    """Times both on the same pictures, alternating which is first.

    Args:
        models: Loaded with one thread.
        files: Pictures that both can read, at least one; they come again where they are few.
    """
    contents = [file.read_bytes() for file in files[:_ROUNDS]]
    times: list[list[float]] = [[], []]
    for turn in range(_WARM_UP + _ROUNDS):
        content = contents[turn % len(contents)]
        for side in (0, 1) if turn % 2 else (1, 0):
            begun = time.perf_counter()
            models[side].predict(content)
            times[side].append((time.perf_counter() - begun) * 1000)
    first, second = (np.percentile(each[_WARM_UP:], (50, 90, 99)).tolist() for each in times)
    p50, p90, p99 = zip(first, second, strict=True)
    return Latency(p50, p90, p99, second[0] / first[0])

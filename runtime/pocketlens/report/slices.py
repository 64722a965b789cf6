"""Kinds of pictures for which a model is right more or less often than for the others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pocketlens.checking.facts import PictureFacts, picture_facts
from pocketlens.engine.cores import usable_cores
from pocketlens.engine.parallel import map_in_order
from pocketlens.errors import PocketLensError
from pocketlens.intervals import wilson_interval
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.metadata.measurements import Interval
from pocketlens.names import printable
from pocketlens.pictures.files import read_bytes

TEST = "Mantel-Haenszel, by class, with Holm's correction for the number of rows"
_DARK, _BRIGHT = 0.25, 0.75
_LONG = 1.6
_FEWEST = 10
"""Pictures of which a share says something."""
_MOST_FOLDERS = 12
_LEVEL = 0.05

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Slice:
    """The pictures of one kind.

    Attributes:
        title: The kind in words.
        images: How many there are.
        accuracy: The share that is right.
        interval: Its 95 % interval (Wilson).
        expected: The share that would be right if the kind made no difference within a class.
        p_value: How likely such a difference is by chance, corrected; see TEST.
    """

    title: str
    images: int
    accuracy: float
    interval: Interval
    expected: float
    p_value: float

    @property
    def verdict(self) -> str:
        """What it is beyond chance: "worse", "better" or ""."""
        if self.p_value >= _LEVEL:
            return ""
        return "worse" if self.accuracy < self.expected else "better"


def slices(tested: LabelledAnswers, input_side: int) -> list[Slice]:
    """The kinds with enough pictures, worst first.

    Args:
        tested: The answers; each picture is read once more.
        input_side: The shorter side of the network's input in pixels.
    """
    right = tested.predicted == tested.targets
    kinds = [
        (title, mask)
        for title, mask in (*_by_facts(_facts(tested), input_side), *_by_folder(tested.files))
        if min(mask.sum(), (~mask).sum()) >= _FEWEST
    ]
    chances = _holm([_mantel_haenszel(mask, right, tested.targets)[1] for _, mask in kinds])
    found = []
    for (title, mask), chance in zip(kinds, chances, strict=True):
        count, good = int(mask.sum()), int(right[mask].sum())
        expected = _mantel_haenszel(mask, right, tested.targets)[0] / count
        interval = wilson_interval(good, count)
        found.append(Slice(title, count, good / count, interval, expected, chance))
    return sorted(found, key=lambda each: each.accuracy - each.expected)


def _facts(tested: LabelledAnswers) -> list[PictureFacts | None]:
    def measure(file: str) -> PictureFacts | None:
        try:
            return picture_facts(read_bytes(tested.folder / file))
        except PocketLensError:
            return None

    return list(map_in_order(measure, tested.files, usable_cores()))


def _by_facts(facts: Sequence[PictureFacts | None], input_side: int) -> Iterator[tuple[str, Mask]]:
    def where(values: Sequence[bool]) -> Mask:
        return np.array(values, bool)

    yield "dark", where([f is not None and f.brightness < _DARK for f in facts])
    yield "bright", where([f is not None and f.brightness > _BRIGHT for f in facts])
    yield "grey", where([f is not None and f.is_grey for f in facts])
    yield "tall", where([f is not None and f.height > _LONG * f.width for f in facts])
    yield "wide", where([f is not None and f.width > _LONG * f.height for f in facts])
    sides = np.array([min(f.width, f.height) if f else 0 for f in facts])
    small = (sides > 0) & (sides < input_side)
    yield f"a side below {input_side} px, the network's", small
    known = sides[sides > 0]
    if len(known):
        low, high = np.quantile(known, (0.25, 0.75))
        yield f"the smallest, a side below {low:.0f} px", (sides > 0) & (sides < low)
        yield f"the largest, sides above {high:.0f} px", sides > high


def _by_folder(files: Sequence[str]) -> Iterator[tuple[str, Mask]]:
    """By the first folder below that of the class, whichever class it is in."""
    parts = [Path(file).parts for file in files]
    names = np.array([each[1] if len(each) > 2 else "" for each in parts], object)
    found, counts = np.unique(names, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    common = [name for name in found[order].tolist() if name][:_MOST_FOLDERS]
    for name in common:
        yield f"in the sub-folder {printable(name)}", names == name


def _mantel_haenszel(mask: Mask, right: Mask, targets: npt.NDArray[np.intp]) -> tuple[float, float]:
    """How many of a kind would be right by their classes alone, and how likely the rest is."""
    total = np.bincount(targets).astype(float)
    inside, good = (np.bincount(targets[each], minlength=len(total)) for each in (mask, right))
    expected = float((inside * good / np.maximum(1, total)).sum())
    spread = inside * (total - inside) * good * (total - good)
    variance = float((spread / np.maximum(1, total**2 * (total - 1))).sum())
    if not variance:
        return expected, 1.0
    # The half is for going from counts to a normal distribution.
    distance = max(0.0, abs(int((mask & right).sum()) - expected) - 0.5) / math.sqrt(variance)
    return expected, math.erfc(distance / math.sqrt(2))


def _holm(chances: Sequence[float]) -> list[float]:
    corrected, highest = [1.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        highest = max(highest, min(1.0, chances[place] * (len(chances) - rank)))
        corrected[place] = highest
    return corrected

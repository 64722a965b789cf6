"""Curves, laid out in units of an SVG drawing; the templates draw them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from pocketlens.intervals import wilson_interval
from pocketlens.metadata.measurements import Bin, Coverage

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 66, 24, 16, 44
_BINS = 15
_LEAST_SPAN = 0.02
_STRIP = 46
"""Height of the bars under the reliability diagram."""


@dataclass(frozen=True)
class Line:
    """A curve: its name, points as "x,y x,y", and the places of its marks."""

    name: str
    points: str
    marks: list[tuple[float, float]]
    kind: str


@dataclass(frozen=True)
class Whisker:
    """A mark with its interval, and the number of pictures below it."""

    x: float
    y: float
    low: float
    high: float
    images: int
    bar: float


@dataclass(frozen=True)
class Chart:
    """A drawing of curves with two axes.

    Attributes:
        title: What a screen reader says.
        across: What the horizontal axis is.
        up: What the vertical axis is.
        x_ticks: (place, text).
        y_ticks: Likewise.
        lines: The curves.
        whiskers: Marks with intervals.
        bottom: Where the horizontal axis stands.
        left: Where it begins.
        right: Where it ends.
    """

    title: str
    across: str
    up: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    lines: list[Line]
    whiskers: list[Whisker] = field(default_factory=list)
    bottom: float = HEIGHT - BOTTOM
    left: ClassVar[float] = LEFT
    right: ClassVar[float] = WIDTH - RIGHT


class _Plane:
    """Places of values in the drawing."""

    def __init__(
        self, x: tuple[float, float], y: tuple[float, float], bottom: float = HEIGHT - BOTTOM
    ) -> None:
        self._x, self._y, self._bottom = x, y, bottom

    def x(self, value: float) -> float:
        low, high = self._x
        share = (value - low) / (high - low) if high > low else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        low, high = self._y
        return round(self._bottom - (value - low) / (high - low) * (self._bottom - TOP), 1)

    def line(self, name: str, kind: str, points: Sequence[tuple[float, float]]) -> Line:
        places = [(self.x(x), self.y(y)) for x, y in points]
        return Line(name, " ".join(f"{x},{y}" for x, y in places), places, kind)


def learning_curves(
    history: Mapping[str, Sequence[float]], frozen_accuracy: float | None
) -> list[Chart]:
    """Accuracy and loss over the epochs; none where the history has not both.

    Args:
        history: Of each epoch, see Metadata.
        frozen_accuracy: That of the head on frozen features, as a line.
    """
    charts = []
    for name in ("accuracy", "loss"):
        learnt, held_out = history.get(name), history.get(f"val_{name}")
        if not learnt or not held_out:
            return []
        is_share = name == "accuracy"
        frozen = frozen_accuracy if is_share else None
        values = [*learnt, *held_out, *([] if frozen is None else [frozen])]
        ticks = _ticks(min(values), max(values), 1.0 if is_share else math.inf)
        plane = _Plane((1, len(learnt)), (ticks[0], ticks[-1]))
        lines = [
            plane.line("training", "a", list(enumerate(learnt, 1))),
            plane.line("validation", "b", list(enumerate(held_out, 1))),
        ]
        if frozen is not None:
            ends = [(1.0, frozen), (float(len(learnt)), frozen)]
            lines.append(plane.line("frozen network with a new head", "c", ends))
        step = max(1, math.ceil(len(learnt) / 10))
        charts.append(
            Chart(
                f"{name} over {len(learnt)} epochs",
                "epoch",
                name,
                [(plane.x(each), str(each)) for each in range(1, len(learnt) + 1, step)],
                [(plane.y(each), _tick(each, is_share, ticks)) for each in ticks],
                lines,
            )
        )
    return charts


def reliability_chart(bins: Sequence[Bin]) -> Chart:
    """How often answers of about one probability are right, with the number of each bin."""
    bottom = HEIGHT - BOTTOM - _STRIP
    plane = _Plane((0, 1), (0, 1), bottom)
    most = max((each.images for each in bins), default=1)
    whiskers = []
    for each in bins:
        low, high = wilson_interval(round(each.accuracy * each.images), each.images)
        middle = (min(_BINS - 1, int(each.score * _BINS)) + 0.5) / _BINS
        whiskers.append(
            Whisker(
                plane.x(middle),
                plane.y(each.accuracy),
                plane.y(low),
                plane.y(high),
                each.images,
                round(each.images / most * (_STRIP - 22), 1),
            )
        )
    return Chart(
        "reliability: the share of right answers by the probability that was said",
        "probability that the model says",
        "share that is right",
        _percents(plane.x),
        _percents(plane.y),
        [plane.line("as often right as it says", "c", [(0, 0), (1, 1)])],
        whiskers,
        bottom,
    )


def risk_coverage_chart(coverages: Sequence[Coverage]) -> Chart:
    """How many are right, when only the surest answers are taken."""
    lowest = min((each.accuracy for each in coverages), default=0.0)
    ticks = _ticks(lowest, 1.0, 1.0)
    plane = _Plane(
        (min((each.coverage for each in coverages), default=0), 1), (ticks[0], ticks[-1])
    )
    points = [(each.coverage, each.accuracy) for each in coverages]
    return Chart(
        "risk and coverage: the share of right answers when only the surest are taken",
        "share of pictures that is answered, the surest first",
        "share that is right",
        [(plane.x(each), f"{each:.0%}") for each in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)],
        [(plane.y(each), _tick(each, True, ticks)) for each in ticks],
        [plane.line("right of these", "a", points)],
    )


def _percents(place: Callable[[float], float]) -> list[tuple[float, str]]:
    return [(place(each / 5), f"{each * 20}%") for each in range(6)]


def _ticks(low: float, high: float, most: float) -> list[float]:
    """Round numbers from below `low` to above `high`, which is `most` at most."""
    low = min(low, high - _LEAST_SPAN)
    span = high - low
    step = 10 ** math.floor(math.log10(span / 3))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= 6)
    first, last = math.floor(low / step + 1e-9), math.ceil(min(high, most) / step - 1e-9)
    return [round(each * step, 6) for each in range(first, max(last, first + 1) + 1)]


def _tick(value: float, is_share: bool, ticks: Sequence[float]) -> str:
    step = ticks[1] - ticks[0]
    if is_share:
        return f"{value:.{0 if step >= 0.0099 else 1 if step >= 0.00099 else 2}%}"
    return f"{value:g}"

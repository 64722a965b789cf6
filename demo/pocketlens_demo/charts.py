"""Plots of a few points as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TypeAlias

Points: TypeAlias = Sequence[tuple[float, float]]
_WIDTH, _HEIGHT = 420, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 44
_TICKS = 4


def line_plot(
    axes: tuple[str, str], lines: Mapping[str, Points], has_diagonal: bool = False
) -> str:
    """A plot with its legend.

    Args:
        axes: What stands below and beside it.
        lines: The points of each line, from left to right, by its name.
        has_diagonal: Whether to draw where both are equal, to compare with.
    """
    points = [point for line in lines.values() for point in line]
    (left, right), (low, high) = (_range([point[axis] for point in points]) for axis in (0, 1))

    def place(point: tuple[float, float]) -> str:
        x = _LEFT + (point[0] - left) / (right - left) * (_WIDTH - _LEFT - _RIGHT)
        y = _HEIGHT - _BOTTOM - (point[1] - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return f"{x:.1f},{y:.1f}"

    parts = []
    if has_diagonal:
        ends = max(left, low), min(right, high)
        points_of = " ".join(place((end, end)) for end in ends)
        parts.append(f"<polyline class='ideal' points='{points_of}'/>")
    for number, line in enumerate(lines.values()):
        parts.append(f"<polyline class='line{number}' points='{' '.join(map(place, line))}'/>")
        for point in line if len(line) <= 20 else ():
            left_of, top_of = place(point).split(",")
            parts.append(f"<circle class='line{number}' cx='{left_of}' cy='{top_of}' r='4'/>")
    for x in _ticks(left, right):
        down = place((x, low)).split(",")[0]
        parts.append(f"<text x='{down}' y='{_HEIGHT - 26}' text-anchor='middle'>{x:.5g}</text>")
    for y in _ticks(low, high):
        across = float(place((left, y)).split(",")[1])
        parts.append(
            f"<text x='{_LEFT - 8}' y='{across + 4:.1f}' text-anchor='end'>{y:.5g}</text>"
            f"<path d='M{_LEFT} {across:.1f}H{_WIDTH - _RIGHT}'/>"
        )
    parts.append(f"<text x='{_WIDTH / 2}' y='{_HEIGHT - 6}' text-anchor='middle'>{axes[0]}</text>")
    legend = "".join(
        f"<li class='line{number}'>{escape(name)}</li>" for number, name in enumerate(lines)
    )
    return (
        f"<figure class='plot'><figcaption>{escape(axes[1])}</figcaption>"
        f"<svg viewBox='0 {0} {_WIDTH} {_HEIGHT}' role='img' aria-label='{escape(axes[1])} by "
        f"{escape(axes[0])}'>{''.join(parts)}</svg>"
        f"{f'<ul>{legend}</ul>' if len(lines) > 1 else ''}</figure>"
    )


def _ticks(start: float, end: float) -> list[float]:
    """Round numbers between two."""
    rough = (end - start) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(start / step)
    return [number * step for number in range(first, math.floor(end / step) + 1)]


def _range(values: Sequence[float]) -> tuple[float, float]:
    """The range of the values, and a margin of 5 % on both sides."""
    margin = (max(values) - min(values)) * 0.05 or 0.01
    return min(values) - margin, max(values) + margin

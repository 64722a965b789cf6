"""A confusion matrix as HTML: drawn with names and counts, or a picture of many classes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from unicodedata import east_asian_width

import cv2
import numpy as np

from pocketlens.confusion import Matrix
from pocketlens.names import cut

MOST_NAMED = 30
"""With more classes there is no room for names and counts."""
_LONGEST = 20
_ROW, _LETTER = 26, 8
_ROOM = 180
_SMALLEST = 0.6
"""The smallest scale on a narrow screen; below it the drawing scrolls."""
_MOST_PIXELS = 250
_RIGHT, _WRONG = (34, 160, 90), (220, 60, 60)


def confusion_matrix(labels: Sequence[str], matrix: Matrix) -> str:
    """The matrix: rows are what the pictures show, columns the answers."""
    counts = np.asarray(matrix)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    if len(labels) > MOST_NAMED:
        drawn, order = _picture(shares), f", from {_html(labels[0])} to {_html(labels[-1])}"
    else:
        drawn, order = _drawing(labels, counts, shares), ""
    return (
        f"<figure class='confusion'><figcaption>Confusion matrix: rows are what the pictures show, "
        f"columns the answers{order}</figcaption><div>{drawn}</div></figure>"
    )


def _drawing(labels: Sequence[str], counts: np.ndarray, shares: np.ndarray) -> str:
    names = [cut(label, _LONGEST) for label in labels]
    # A matrix of few classes has larger cells.
    height = max(_ROW, _ROOM // len(names))
    width = max(height * 1.3, _LETTER * len(f"{counts.max():,}") + 10)
    longest = max(map(_letters, names)) * _LETTER
    # Names of columns stand at an angle of 45 degrees.
    left, top = longest + 8, longest * 0.71 + 14
    parts = []
    for row, name in enumerate(names):
        middle = top + height * (row + 0.5) + 5
        place = f"{left + width * (row + 0.5):.0f} {top - 6:.0f}"
        title = f"<title>{_html(labels[row])}</title>{escape(name)}</text>"
        parts.append(f"<text x='{longest:.0f}' y='{middle:.0f}' text-anchor='end'>{title}")
        parts.append(f"<text transform='translate({place}) rotate(-45)'>{title}")
    for row, column in zip(*counts.nonzero(), strict=True):
        place = f"{left + width * column:.0f} {top + height * row:.0f}"
        color = _RIGHT if row == column else _WRONG
        parts.append(
            f"<g transform='translate({place})' role='button' tabindex='0' "
            f"data-truth='{escape(labels[row])}' data-answer='{escape(labels[column])}' "
            f"aria-label='{_html(labels[row])} answered {_html(labels[column])}: "
            f"{counts[row, column]:,}'>"
            f"<rect width='{width - 1:.0f}' height='{height - 1}' fill='rgb{color}' "
            f"fill-opacity='{0.15 + 0.45 * shares[row, column]:.2f}'/>"
            f"<text x='{width / 2:.0f}' y='{height / 2 + 5:.0f}' text-anchor='middle'>"
            f"{counts[row, column]:,}</text>"
            "</g>"
        )
    size = left + width * len(names) + longest * 0.71, top + height * len(names) + 4
    return (
        f"<svg viewBox='0 0 {size[0]:.0f} {size[1]:.0f}' role='group' "
        f"style='min-width: {size[0] * _SMALLEST:.0f}px; max-width: {size[0]:.0f}px' "
        f"aria-label='Confusion matrix of {len(names)} classes'>{''.join(parts)}</svg>"
    )


def _picture(shares: np.ndarray) -> str:
    """One pixel a cell; with very many classes one for the strongest of a square of cells."""
    step = -(-len(shares) // _MOST_PIXELS)
    side = -(-len(shares) // step)
    padded = np.zeros((side * step, side * step))
    padded[: len(shares), : len(shares)] = shares
    is_right = np.eye(len(padded), dtype=bool)
    pixels = np.zeros((side, side, 4), np.uint8)
    for color, part in ((_WRONG, ~is_right), (_RIGHT, is_right)):
        strongest = (padded * part).reshape(side, step, side, step).max(axis=(1, 3))
        there = strongest > 0
        pixels[there, :3] = color[::-1]
        # Most confusions are of a few pictures: without the root they would be invisible.
        pixels[there, 3] = np.round(255 * (0.25 + 0.75 * np.sqrt(strongest[there])))
    content = base64.b64encode(cv2.imencode(".png", pixels)[1].tobytes()).decode()
    return (
        f"<img src='data:image/png;base64,{content}' "
        f"alt='Confusion matrix of {len(shares):,} classes'>"
    )


def _letters(name: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in name)


def _html(label: str) -> str:
    return escape(cut(label))

"""Pictures of a report: small JPEGs inside the page, and what was answered to each."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from pocketlens.engine.cores import usable_cores
from pocketlens.engine.parallel import map_in_order
from pocketlens.errors import PocketLensError
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.pictures.decoding import decode

_SIDE = 128
_QUALITIES = (75, 60, 45, 30, 15)
_MOST_BYTES = 5000
"""Of one picture: 350 of them, written as text, take 2.3 MB."""


class Thumbnail(NamedTuple):
    """A small picture.

    Attributes:
        picture: A data URI; "" where the file cannot be read.
        width: In pixels.
        height: Likewise.
    """

    picture: str
    width: int
    height: int


@dataclass(frozen=True)
class Card:
    """One picture and its answer.

    Attributes:
        picture: See Thumbnail.
        width: Likewise.
        height: Likewise.
        file: The path as it was given, relative to its folder.
        given: The class that it is given as.
        answered: The most probable one.
        score: The probability of that.
        is_suspected: Whether the given class is probably wrong.
    """

    picture: str
    width: int
    height: int
    file: str
    given: str
    answered: str
    score: float
    is_suspected: bool = False

    @property
    def is_right(self) -> bool:
        """Whether the answer is the given class."""
        return self.given == self.answered


class Cards:
    """Makes cards of rows of the answers; each picture is read once."""

    def __init__(self, tested: LabelledAnswers, labels: Sequence[str], depth: str) -> None:
        """Takes the answers.

        Args:
            tested: The answers.
            labels: The model's.
            depth: How pictures of 16 bits are read; see decode().
        """
        self._tested, self._labels, self._depth = tested, labels, depth
        self._predicted, self._score = tested.predicted, tested.score
        self._made: dict[int, Thumbnail] = {}
        self._suspected: frozenset[int] = frozenset()

    def mark(self, suspected: Iterable[int]) -> None:
        """Rows whose given class is probably wrong."""
        self._suspected = frozenset(map(int, suspected))

    def of(self, rows: Iterable[int]) -> list[Card]:
        """The cards of these rows."""
        wanted = [int(row) for row in rows]
        missing = [row for row in dict.fromkeys(wanted) if row not in self._made]
        if missing:
            files = [self._tested.folder / self._tested.files[row] for row in missing]
            self._made.update(zip(missing, thumbnails(files, self._depth), strict=True))
        return [self._card(row) for row in wanted]

    def _card(self, row: int) -> Card:
        tested = self._tested
        return Card(
            *self._made[row],
            tested.files[row],
            self._labels[tested.targets[row]],
            self._labels[self._predicted[row]],
            float(self._score[row]),
            row in self._suspected,
        )


def thumbnails(files: Iterable[Path], depth: str) -> Iterator[Thumbnail]:
    """Yields one for each file.

    Args:
        files: Picture files.
        depth: How pictures of 16 bits are read; see decode().
    """
    return map_in_order(partial(_thumbnail, depth=depth), files, usable_cores())


def _thumbnail(file: Path, depth: str) -> Thumbnail:
    try:
        pixels = decode(file, min_size=(_SIDE, _SIDE), depth=depth)
    except PocketLensError:
        return Thumbnail("", _SIDE, _SIDE)
    scale = min(1.0, _SIDE / max(pixels.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    content = _as_jpeg(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2BGR)))
    uri = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
    return Thumbnail(uri, width, height)


def _as_jpeg(pixels: np.ndarray) -> bytes:
    """At the best quality that has room."""
    content = b""
    for quality in _QUALITIES:
        content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(content) <= _MOST_BYTES:
            break
    return content

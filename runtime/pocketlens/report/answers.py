"""The answers of an evaluation, collected for its report."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from pocketlens.classifier import Classifier
from pocketlens.errors import PocketLensError
from pocketlens.prediction import Prediction
from pocketlens.report.tested import Tested

_TIMED = 20


class Answers:
    """Keeps what measure() gives: 4 bytes for each picture and class, and the path."""

    def __init__(self, folder: Path, classes: int) -> None:
        """Takes the pictures' folder and the number of classes."""
        self._folder, self._classes = folder, classes
        self._files: list[str] = []
        self._targets, self._probabilities, self._familiarity = array("i"), array("f"), array("d")

    def keep(self, place: int, file: str, answer: Prediction) -> None:
        """Adds an answer; `place` is that of the true class."""
        self._files.append(Path(file).relative_to(self._folder).as_posix())
        self._targets.append(place)
        self._probabilities.extend(answer.scores.values())
        if answer.familiarity is not None:
            self._familiarity.append(answer.familiarity)

    def tested(self, learnt: bool) -> Tested:
        """All of them; `learnt`: whether it is known that the model has learnt from the folder."""
        return Tested(
            self._folder,
            self._files,
            np.array(self._targets, np.intp),
            np.asarray(self._probabilities).reshape(-1, self._classes),
            np.asarray(self._familiarity) if self._familiarity else None,
            learnt or None,
        )


def milliseconds(model: Classifier, folder: Path, files: Sequence[str]) -> float | None:
    """The median time from a picture file to its answer, of some files; None where all are gone."""
    times = []
    for file in files[:: max(1, len(files) // _TIMED)][:_TIMED]:
        start = perf_counter()
        try:
            model.predict(folder / file)
        except PocketLensError:
            continue
        times.append(1000 * (perf_counter() - start))
    return median(times) if times else None

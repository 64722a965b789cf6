"""The answers of an evaluation, collected for its report."""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np

from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.prediction import Prediction


class AnswerCollector:
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

    def collected(self, learnt: bool) -> LabelledAnswers:
        """All of them; `learnt`: whether it is known that the model has learnt from the folder."""
        return LabelledAnswers(
            self._folder,
            self._files,
            np.array(self._targets, np.intp),
            np.asarray(self._probabilities).reshape(-1, self._classes),
            np.asarray(self._familiarity) if self._familiarity else None,
            learnt or None,
        )

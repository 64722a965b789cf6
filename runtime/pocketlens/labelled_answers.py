"""Answers to labelled pictures, kept whole: for reports and comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.metadata import Metadata
from pocketlens.metadata.measurements import Metrics
from pocketlens.metrics import Classes, Probabilities, evaluate, reliability, risk_coverage


@dataclass(frozen=True)
class LabelledAnswers:
    """Answers to N labelled pictures.

    Attributes:
        folder: Where they are.
        files: N paths relative to it.
        targets: The true class of each.
        probabilities: N x K.
        familiarity: N shares, 0 to 1; None where the model cannot reject.
        learnt: Whether the model has learnt from them: the figures are too good then. None where
            that is not known.
    """

    folder: Path
    files: Sequence[str]
    targets: Classes
    probabilities: Probabilities
    familiarity: npt.NDArray[np.floating[Any]] | None = None
    learnt: bool | None = False

    @property
    def folder_name(self) -> str:
        """The folder's own name, also where it is given as "."."""
        return self.folder.resolve().name

    @property
    def predicted(self) -> Classes:
        """The most probable class of each picture."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def score(self) -> Probabilities:
        """The probability of that class."""
        return np.asarray(self.probabilities.max(axis=1))

    def mistakes(self) -> npt.NDArray[np.intp]:
        """The rows that are answered wrong, surest first."""
        wrong = np.flatnonzero(self.predicted != self.targets)
        return np.asarray(wrong[np.argsort(-self.score[wrong], kind="stable")])

    def metrics(self, metadata: Metadata) -> Metrics:
        """The metadata's figures, or those of these answers where it has none."""
        found = metadata.metrics or evaluate(self.targets, self.probabilities)
        return replace(
            found,
            reliability=found.reliability or reliability(self.targets, self.probabilities),
            risk_coverage=found.risk_coverage or risk_coverage(self.targets, self.probabilities),
        )

"""What a report says of a model beside its metadata and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from pocketlens.checking.findings import Findings
from pocketlens.classifier import Classifier
from pocketlens.errors import PocketLensError
from pocketlens.labelled_answers import LabelledAnswers

_TIMED = 20


@dataclass(frozen=True)
class About:
    """The name of the page, and what there is to say; each part may lack.

    Attributes:
        name: What the page is headed with, such as the model file's name.
        bytes: The size of the model's file.
        milliseconds: The median time of one answer on this machine.
        findings: What `pocketlens check` found in the training folder.
        left_out: Of each class that the model does not know, the number of its pictures.
    """

    name: str = ""
    bytes: int | None = None
    milliseconds: float | None = None
    findings: Findings | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)


def about_file(file: Path, model: Classifier, answers: LabelledAnswers) -> About:
    """The size of a model's file, and how fast it answers some of the pictures."""
    took = _milliseconds(model, answers.folder, answers.files)
    return About(file.name, file.stat().st_size, took)


def _milliseconds(model: Classifier, folder: Path, files: Sequence[str]) -> float | None:
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

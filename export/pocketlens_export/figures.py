"""What the metadata says of answers: figures, and what familiarity is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from pocketlens.metadata.familiarity import ACCEPTED, LEVELS, Familiarity, quantiles
from pocketlens.metadata.measurements import Accuracy, Metrics
from pocketlens.metrics import Classes, Probabilities, evaluate, reliability, risk_coverage


def measure(
    probabilities: Probabilities, truth: Classes, robustness: Mapping[str, Accuracy]
) -> Metrics:
    """The figures of a file.

    Args:
        probabilities: Answers to pictures that were not learnt from, N x K.
        truth: The true classes.
        robustness: The accuracy on changed pictures.
    """
    found = vars(evaluate(truth, probabilities)) | {
        "risk_coverage": risk_coverage(truth, probabilities),
        "reliability": reliability(truth, probabilities),
        "robustness": robustness,
    }
    return Metrics(**found)


def describe_familiarity(raw: npt.NDArray[Any], *, knows_outliers: bool) -> Familiarity:
    """What a picture's raw number is compared with.

    Args:
        raw: Those of pictures that were not learnt from.
        knows_outliers: How the network measures it.
    """
    outliers, distance = "log-odds against outliers", "distance to the classes' Gaussians"
    return Familiarity(
        method=outliers if knows_outliers else distance,
        levels=LEVELS,
        quantiles=quantiles(raw),
        threshold=round(1 - ACCEPTED, 6),
        validation_images=len(raw),
    )

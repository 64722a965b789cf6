"""The temperature that makes probabilities fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.extras import requires_extra
from pocketlens.metadata.measurements import Calibration, Fit
from pocketlens.metrics import Classes, calibration_error, log_loss, log_losses, softmax

_PARTS = 10


def fit_temperature(logits: npt.NDArray[Any], truth: Classes) -> float:
    """The temperature (Guo et al. 2017) with the least log loss, where there is one that helps.

    One picture of unknown class is added to the N: where all answers are right, the least loss
    would be at a temperature of 0. The temperature counts only where it helps pictures that it was
    not fitted on: each tenth of the pictures is tried with that of the others.

    Args:
        logits: N x K, of pictures that the network has not learnt from.
        truth: The true classes.

    Returns:
        The temperature; 1 where none helps.
    """
    if len(truth) < 2:
        return 1.0
    parts = np.arange(len(truth)) % _PARTS
    tried = np.zeros(len(truth))
    for part in np.unique(parts):
        rest, tested = parts != part, parts == part
        scaled = logits[tested] / best_temperature(logits[rest], truth[rest])
        tried[tested] = log_losses(truth[tested], softmax(scaled))
    if tried.sum() >= log_losses(truth, softmax(logits)).sum():
        return 1.0
    return best_temperature(logits, truth)


def best_temperature(logits: npt.NDArray[Any], truth: Classes) -> float:
    """The temperature with the least log loss on these pictures; see fit_temperature()."""
    with requires_extra("export", "scipy"):
        from scipy.optimize import minimize_scalar
    count, classes = logits.shape
    targets = np.full((count, classes), 1 / classes / (count + 1))
    targets[np.arange(count), truth] += count / (count + 1)

    def loss(log_temperature: float) -> float:
        probabilities = softmax(logits / np.exp(log_temperature))
        return float(-(targets * np.log(probabilities.clip(min=1e-30))).sum(axis=1).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def describe_calibration(
    probabilities: npt.NDArray[Any], truth: Classes, temperature: float, images: int
) -> Calibration:
    """How probabilities fit before and after the temperature.

    Args:
        probabilities: The file's, of the test pictures, N x K.
        truth: The true classes.
        temperature: What is in the file's graph.
        images: Number of validation pictures that it was fitted on.
    """
    # Undone, the temperature is a power of the probabilities.
    before = softmax(np.log(probabilities.clip(min=1e-30)) * temperature)
    fits = [
        Fit(log_loss(truth, each), calibration_error(truth, each))
        for each in (before, probabilities)
    ]
    return Calibration(temperature, images, *fits)

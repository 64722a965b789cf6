"""The temperature that makes probabilities fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.extras import requires_extra
from pocketlens.metadata.measurements import Calibration, Fit
from pocketlens.metrics import Classes, calibration_error, log_loss, softmax


def fit_temperature(logits: npt.NDArray[Any], truth: Classes) -> float:
    """The temperature (Guo et al. 2017) with the least log loss, where there is one that helps.

    One picture of unknown class is added to the N: where all answers are right, the least loss
    would be at a temperature of 0. The temperature counts only where it helps pictures that it was
    not fitted on: it is fitted on each half of the pictures and tried on the other.

    Args:
        logits: N x K, of pictures that the network has not learnt from.
        truth: The true classes.

    Returns:
        The temperature; 1 where none helps.
    """
    halves = np.arange(len(truth)) % 2 == 0
    tried = [
        log_loss(truth[~half], softmax(logits[~half] / _least(logits[half], truth[half])))
        * (~half).sum()
        for half in (halves, ~halves)
        if half.any() and (~half).any()
    ]
    if not tried or sum(tried) >= log_loss(truth, softmax(logits)) * len(truth):
        return 1.0
    return _least(logits, truth)


def _least(logits: npt.NDArray[Any], truth: Classes) -> float:
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

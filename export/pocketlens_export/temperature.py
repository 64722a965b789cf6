"""The temperature that makes probabilities fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from pocketlens.metadata.measurements import Calibration, Fit
from pocketlens.metrics import Classes, calibration_error, log_loss


def softmax(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Logits to probabilities, row by row."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def fit_temperature(logits: npt.NDArray[Any], truth: Classes) -> float:
    """The temperature (Guo et al. 2017) with the least log loss on validation pictures.

    The targets are (n + 1) / (n + K) and not 1 (Platt 1999): where all n answers are right, the
    least loss would be at a temperature of 0.
    """
    count, classes = logits.shape
    targets = np.full((count, classes), 1 / (count + classes))
    targets[np.arange(count), truth] = (count + 1) / (count + classes)

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

"""How two files answer test pictures, from their bytes through the runtime's predict()."""

from __future__ import annotations

import time

import cv2
import numpy as np

from pocketlens.engine.network import Network
from pocketlens.engine.session import INPUT_NAME
from pocketlens.intervals import wilson_interval
from pocketlens.metadata.conversion import CLOSE, Int8
from pocketlens.metadata.measurements import Accuracy
from pocketlens.metrics import (
    Classes,
    calibration_error,
    log_losses,
)
from pocketlens.pictures.decoding import Pixels
from pocketlens_export.inference import Answers, Change
from pocketlens_export.paired_tests import fewer_right, larger_mean, worse_calibrated

_ROUNDS = 100


def _without_colour(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _dark(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=0.4), np.uint8)


CHANGES: dict[str, Change] = {"grayscale": _without_colour, "brightness 0.4": _dark}
"""What is done to the test pictures to see how robust the file is."""


def accuracy(answers: Answers, truth: Classes) -> Accuracy:
    """The share of right answers, with its interval."""
    right = int((answers.probabilities.argmax(axis=1) == truth).sum())
    return Accuracy(right / len(truth), wilson_interval(right, len(truth)))


def compare(plain: Answers, quantized: Answers, truth: Classes, files: tuple[bytes, bytes]) -> Int8:
    """What int8 changed.

    Args:
        plain: The float file's answers to the test pictures.
        quantized: The int8 file's.
        truth: The true classes.
        files: Both files.
    """
    pair = before, after = plain.probabilities, quantized.probabilities
    flipped = before.argmax(axis=1) != after.argmax(axis=1)
    second, first = np.sort(before, axis=1)[:, -2:].T
    of_float, of_int8 = accuracy(plain, truth), accuracy(quantized, truth)
    losses = [log_losses(truth, answers) for answers in pair]
    return Int8(
        images=len(truth),
        accuracy=(of_float.accuracy, of_int8.accuracy),
        accuracy_interval=(of_float.accuracy_interval, of_int8.accuracy_interval),
        bytes=(len(files[0]), len(files[1])),
        labels_flipped=float(flipped.mean()),
        max_abs_difference=float(np.abs(before - after).max()),
        latency_ratio=latency_ratio(files),
        close_answers=float((first - second < CLOSE).mean()),
        log_loss=(float(losses[0].mean()), float(losses[1].mean())),
        calibration_error=(calibration_error(truth, before), calibration_error(truth, after)),
        accuracy_p_value=fewer_right(truth, before, after),
        log_loss_p_value=larger_mean(losses[0], losses[1]),
        calibration_p_value=worse_calibrated(truth, before, after),
    )


def latency_ratio(files: tuple[bytes, bytes]) -> float:
    """Median inference time of the second file over the first, in turns, on one core."""
    sessions = [Network(file, ["CPUExecutionProvider"]) for file in files]
    shape = sessions[0].start().get_inputs()[0].shape[1:]
    picture = np.random.default_rng(0).integers(0, 256, (1, *shape), np.uint8)
    times: list[list[float]] = [[], []]
    for _ in range(_ROUNDS):
        for session, seconds in zip(sessions, times, strict=True):
            start = time.perf_counter()
            session.run(None, {INPUT_NAME: picture})
            seconds.append(time.perf_counter() - start)
    return float(np.median(times[1][10:]) / np.median(times[0][10:]))

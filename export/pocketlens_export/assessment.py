"""How good the file itself is: from the bytes of test pictures through the runtime's predict()."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

import pocketlens
from pocketlens.cores import usable_cores
from pocketlens.decoding import Pixels, decode
from pocketlens.metrics import (
    Classes,
    calibration_error,
    evaluate,
    log_loss,
    reliability,
    risk_coverage,
    roc_auc,
    wilson_interval,
)
from pocketlens.network import Network
from pocketlens.preprocessing import network_input
from pocketlens.session import FAMILIARITY, INPUT_NAME
from pocketlens_export.heads import softmax

_BATCH = 16
_ROUNDS = 200


@dataclass(frozen=True)
class Answers:
    """What predict() says of N pictures: N x K probabilities and N familiarities."""

    probabilities: npt.NDArray[np.float64]
    familiarity: npt.NDArray[np.float64]


def predict_files(
    model: pocketlens.Classifier,
    pictures: Sequence[Path],
    title: str,
    change: Callable[[Pixels], Pixels] | None = None,
) -> Answers:
    """Answers for picture files; `change` alters their pixels first."""
    answers: list[pocketlens.Prediction] = []
    for start in tqdm(range(0, len(pictures), _BATCH), desc=title, unit="batch", disable=None):
        paths = pictures[start : start + _BATCH]
        if change is None:
            answers += model.predict([path.read_bytes() for path in paths])
        else:
            enough = model.metadata.preprocessing.min_decoded_size
            answers += model.predict([change(decode(path, min_size=enough)) for path in paths])
    return Answers(
        np.array([list(answer.scores.values()) for answer in answers]),
        np.array([answer.familiarity or 0.0 for answer in answers]),
    )


def raw_familiarity(model: bytes, pictures: Sequence[Path], recipe: Any) -> npt.NDArray[Any]:
    """The network's own familiarity of pictures, N numbers."""
    network = Network(model, ["CPUExecutionProvider"], usable_cores())
    found = []
    for start in range(0, len(pictures), _BATCH):
        batch = [network_input(path, recipe) for path in pictures[start : start + _BATCH]]
        found += list(network.run([FAMILIARITY], {INPUT_NAME: np.stack(batch)})[0])
    return np.array(found)


def evaluate_file(
    model: pocketlens.Classifier, pictures: Sequence[Path], truth: Classes, answers: Answers
) -> dict[str, Any]:
    """The metadata's "metrics" of a file, from its answers to the test pictures."""
    metrics = evaluate(truth, answers.probabilities)
    metrics["risk_coverage"] = risk_coverage(truth, answers.probabilities)
    metrics["reliability"] = reliability(truth, answers.probabilities)
    metrics["robustness"] = {}
    for name, change in (("grayscale", _without_colour), ("brightness 0.4", _dark)):
        changed = predict_files(model, pictures, f"test pictures, {name}", change)
        right = int((changed.probabilities.argmax(axis=1) == truth).sum())
        metrics["robustness"][name] = {
            "accuracy": right / len(truth),
            "accuracy_interval": list(wilson_interval(right, len(truth))),
        }
    return metrics


def rejection(familiar: Answers, unfamiliar: Answers, threshold: float) -> dict[str, Any]:
    """How well pictures of no class are told from test pictures."""
    found = roc_auc(familiar.familiarity, unfamiliar.familiarity)
    rejected = int((unfamiliar.familiarity < threshold).sum())
    count = len(unfamiliar.familiarity)
    return found | {
        "outliers": count,
        "outliers_rejected": rejected / count,
        "outliers_rejected_interval": list(wilson_interval(rejected, count)),
        "test_accepted": float((familiar.familiarity >= threshold).mean()),
    }


def compare(
    plain: Answers, quantized: Answers, truth: Classes, sizes: tuple[int, int], ratio: float
) -> dict[str, Any]:
    """What int8 changed, for the metadata.

    Args:
        plain: The float model's answers to the test pictures.
        quantized: The int8 model's.
        truth: The true classes.
        sizes: Bytes of both files.
        ratio: Latency of int8 over float.
    """
    flipped = plain.probabilities.argmax(axis=1) != quantized.probabilities.argmax(axis=1)
    right = [int((a.probabilities.argmax(axis=1) == truth).sum()) for a in (plain, quantized)]
    count = len(truth)
    return {
        "images": count,
        "accuracy": [number / count for number in right],
        "accuracy_interval": [list(wilson_interval(number, count)) for number in right],
        "bytes": list(sizes),
        "labels_flipped": float(flipped.mean()),
        "max_abs_difference": float(np.abs(plain.probabilities - quantized.probabilities).max()),
        "latency_ratio": ratio,
    }


def calibration(
    answers: Answers, truth: Classes, temperature: float, images: int
) -> dict[str, Any]:
    """The metadata's "calibration", before and after on the test pictures."""
    # Undone, the temperature is a power of the probabilities.
    before = softmax(np.log(answers.probabilities.clip(min=1e-30)) * temperature)
    return {
        "temperature": temperature,
        "validation_images": images,
        **{
            name: {
                "log_loss": log_loss(truth, probabilities),
                "calibration_error": calibration_error(truth, probabilities),
            }
            for name, probabilities in (("before", before), ("after", answers.probabilities))
        },
    }


def latency_ratio(plain: bytes, quantized: bytes, input_shape: tuple[int, int, int]) -> float:
    """Median inference time of the second model over the first, in turns, on one core."""
    networks = [Network(model, ["CPUExecutionProvider"]) for model in (plain, quantized)]
    picture = np.random.default_rng(0).integers(0, 256, (1, *input_shape), np.uint8)
    times: list[list[float]] = [[], []]
    for _ in range(_ROUNDS):
        for network, seconds in zip(networks, times, strict=True):
            start = time.perf_counter()
            network.run(None, {INPUT_NAME: picture})
            seconds.append(time.perf_counter() - start)
    return float(np.median(times[1][10:]) / np.median(times[0][10:]))


def _without_colour(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _dark(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=0.4), np.uint8)

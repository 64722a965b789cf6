"""Does the .onnx file, run by the runtime, answer as the Keras model does?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pocketlens.cores import usable_cores
from pocketlens.errors import ExportError
from pocketlens.network import Network
from pocketlens.preprocessing import Preprocessing, network_input
from pocketlens.session import INPUT_NAME, OUTPUT_NAME

IMAGES = 256
BATCH_SIZES = (1, 5)
ATOL = 1e-4
RTOL = 1e-3
"""Of the other outputs, whose numbers have no fixed range, against their largest one."""


def measure_parity(
    network: Any, model: bytes, pictures: Sequence[Path], recipe: Preprocessing
) -> dict[str, Any]:
    """Compares all outputs, from the pictures' bytes on.

    Args:
        network: The Keras model that was converted; a dict of outputs.
        model: The .onnx file.
        pictures: Picture files.
        recipe: Their preprocessing.

    Returns:
        For the model's metadata: "max_abs_difference" of a probability, "max_rel_difference" of
        the other outputs and "top1_agreement" over all batch sizes, "images", "batch_sizes",
        "atol".
    """
    inputs = np.stack([network_input(picture, recipe) for picture in pictures])
    expected = network.predict(inputs, batch_size=32, verbose=0)
    exported = Network(model, ["CPUExecutionProvider"], usable_cores())
    names = list(expected)
    differences, relative, agreements = [], [0.0], []
    for size in BATCH_SIZES:
        answers = [
            exported.run(names, {INPUT_NAME: inputs[start : start + size]})
            for start in range(0, len(inputs), size)
        ]
        got = {
            name: np.concatenate(rows)
            for name, rows in zip(names, zip(*answers, strict=True), strict=True)
        }
        for name in names:
            difference = float(np.abs(got[name] - expected[name]).max())
            if name == OUTPUT_NAME:
                differences.append(difference)
            else:
                relative.append(difference / float(np.abs(expected[name]).max()))
        labels = (each[OUTPUT_NAME].argmax(axis=1) for each in (got, expected))
        agreements.append(float((next(labels) == next(labels)).mean()))
    return {
        "max_abs_difference": max(differences),
        "max_rel_difference": max(relative),
        "top1_agreement": min(agreements),
        "images": len(pictures),
        "batch_sizes": list(BATCH_SIZES),
        "atol": ATOL,
    }


def check_parity(parity: dict[str, Any]) -> None:
    """Refuses a file that answers otherwise than Keras.

    Raises:
        ExportError: A probability differs by more than ATOL, another output by more than RTOL, or
            a label differs.
    """
    difference, agreement = parity["max_abs_difference"], parity["top1_agreement"]
    relative = parity["max_rel_difference"]
    if not difference <= ATOL or not relative <= RTOL or agreement < 1:
        raise ExportError(
            f"check 'parity' failed: over {parity['images']} pictures the probabilities differ "
            f"from Keras by up to {difference:.1e} (at most {ATOL:.0e} allowed), the other outputs "
            f"by {relative:.1e} of their largest ({RTOL:.0e} allowed), the label is the same for "
            f"{agreement:.2%} (100 % expected)"
        )

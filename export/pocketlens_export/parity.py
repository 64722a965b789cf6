"""Does the .onnx file, run by the runtime, answer as the Keras model does?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import pocketlens
from pocketlens.decoding import decode
from pocketlens.errors import ExportError
from pocketlens.preprocessing import preprocess

IMAGES = 256
BATCH_SIZES = (1, 5)
ATOL = 1e-4


def measure_parity(
    keras_model: Any, classifier: pocketlens.Classifier, pictures: Sequence[Path]
) -> dict[str, Any]:
    """Compares both from the pictures' bytes to the probabilities.

    Returns:
        For the model's metadata: "max_abs_difference" of a probability and "top1_agreement"
        over all batch sizes, "images", "batch_sizes", "atol".
    """
    recipe = classifier.metadata.preprocessing
    inputs = np.stack([preprocess(decode(picture), recipe) for picture in pictures])
    expected = keras_model.predict(inputs, batch_size=32, verbose=0)
    differences, agreements = [], []
    for size in BATCH_SIZES:
        answers = [
            list(answer.scores.values())
            for start in range(0, len(pictures), size)
            for answer in classifier.predict(
                [picture.read_bytes() for picture in pictures[start : start + size]]
            )
        ]
        got = np.asarray(answers)
        differences.append(float(np.abs(got - expected).max()))
        agreements.append(float((got.argmax(axis=1) == expected.argmax(axis=1)).mean()))
    return {
        "max_abs_difference": max(differences),
        "top1_agreement": min(agreements),
        "images": len(pictures),
        "batch_sizes": list(BATCH_SIZES),
        "atol": ATOL,
    }


def check_parity(parity: dict[str, Any]) -> None:
    """Refuses a file that answers otherwise than Keras.

    Raises:
        ExportError: A probability differs by more than ATOL, or a label differs.
    """
    difference, agreement = parity["max_abs_difference"], parity["top1_agreement"]
    if not difference <= ATOL or agreement < 1:
        raise ExportError(
            f"check 'parity' failed: over {parity['images']} pictures the probabilities differ "
            f"from Keras by up to {difference:.1e} (at most {ATOL:.0e} allowed), the label is the "
            f"same for {agreement:.2%} (100 % expected)"
        )

"""One picture -> what the browser shows of its answer."""

from __future__ import annotations

import base64
from time import perf_counter
from typing import Any

import cv2
import numpy as np

from pocketlens.classifier import Classifier
from pocketlens.pictures.activation_overlay import levels
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.preprocessing import decode_for
from pocketlens.prediction import Prediction
from pocketlens_demo.uploads import shrunk
from pocketlens_demo.wording import answer_of, familiarity_text

_MOST_CLASSES = 10
_MAP_SIDE = 192
_MAP_COLOR = (0, 90, 255)  # blue, green, red


def answer(model: Classifier, photo: bytes, explain: bool) -> dict[str, Any]:
    """The answer as JSON types.

    Args:
        model: Answers.
        photo: The bytes of a picture file.
        explain: Whether to show where the network looked.

    Raises:
        PocketLensError: It is no picture, or too large.
    """
    start = perf_counter()
    pixels = decode_for(photo, model.metadata.preprocessing)
    prediction = model.predict(pixels, explain=explain and model.can_explain)
    spent = perf_counter() - start
    return {
        "answer": answer_of(prediction),
        **prediction.to_dict(_MOST_CLASSES),
        # A JSON object loses the order of labels that are numbers.
        "scores": prediction.top_k(_MOST_CLASSES),
        "words": familiarity_text(prediction),
        "ms": round(spent * 1000, 1),
        "map": _map(model, prediction, pixels),
    }


def _map(model: Classifier, prediction: Prediction, pixels: Pixels) -> str | None:
    """A PNG of one colour, to be laid over the whole picture: the opacity says how much."""
    if prediction.activation_map is None or prediction.rejected:
        return None
    height, width = shrunk(pixels, _MAP_SIDE).shape[:2]
    place = model.labels.index(prediction.label)
    opacity, seen = levels(
        (height, width), prediction.activation_map, place, model.metadata.preprocessing
    )
    layer = np.zeros((height, width, 4), np.uint8)
    layer[..., :3] = _MAP_COLOR
    # Squared: a haze over all of it would hide the picture.
    layer[(*seen.slices, 3)] = 255 * (opacity / 255) ** 2
    content = base64.b64encode(cv2.imencode(".png", layer)[1].tobytes()).decode()
    return f"data:image/png;base64,{content}"

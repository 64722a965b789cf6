"""Where the network looked, as a PNG in base64."""

from __future__ import annotations

from base64 import b64encode

import cv2
import numpy as np

from pocketlens.classifier import Classifier
from pocketlens.pictures.activation_overlay import overlay
from pocketlens.pictures.decoding import ImageInput, decode
from pocketlens.prediction import Prediction

_LONGEST_SIDE = 640


def explanation(model: Classifier, image: ImageInput, answer: Prediction) -> str:
    """The picture, at most 640 pixels a side, coloured by what speaks for the answer's class.

    Args:
        model: It gave the answer.
        image: What predict() takes.
        answer: With an activation map.
    """
    assert answer.activation_map is not None
    pixels = decode(image, limits=model.limits)
    scale = _LONGEST_SIDE / max(pixels.shape[:2])
    if scale < 1:
        size = [max(1, round(side * scale)) for side in pixels.shape[1::-1]]
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    best = model.labels.index(answer.label)
    preprocessing = model.metadata.preprocessing
    shown = overlay(pixels, answer.activation_map, best, preprocessing=preprocessing)
    png = cv2.imencode(".png", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))[1]
    return b64encode(png.tobytes()).decode()

"""The pictures by which a device can tell whether it answers as the exporting machine did."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable

import cv2
import numpy as np

import pocketlens
from pocketlens.metadata.selftest_record import Selftest, SelftestPicture
from pocketlens.pictures.decoding import Pixels
from pocketlens.tools.selftest import model_digest, sampled_input

ATOL = 0.02
_CANDIDATES = 16
_SMALL = {".png": [cv2.IMWRITE_PNG_COMPRESSION, 9], ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 75]}


def selftest_record(
    model: pocketlens.Classifier, content: bytes, earlier: Selftest | None = None
) -> Selftest:
    """The metadata's "selftest": see pocketlens.tools.selftest.

    Args:
        model: The exported model, loaded.
        content: The bytes of its file.
        earlier: That of the file it was made from, whose pictures are taken; None looks for some.
    """
    if earlier:
        known = {name: b64decode(picture.data) for name, picture in earlier.pictures.items()}
        answered = {name: _answered(model, data) for name, data in known.items()}
        return Selftest(model_digest(content), ATOL, answered)
    height, width = model.metadata.preprocessing.input_size
    makers = {
        "kernels": (".png", lambda random: _fields(random, height, width, 12)),
        "resize": (".png", lambda random: _tiles(random, height * 5 // 2, width * 3)),
        "decode": (".jpg", lambda random: _fields(random, height * 17 // 4, width * 9 // 2, 5)),
    }
    pictures = {name: _picture(model, *maker) for name, maker in makers.items()}
    return Selftest(model_digest(content), ATOL, pictures)


def _picture(
    model: pocketlens.Classifier, extension: str, make: Callable[[np.random.Generator], Pixels]
) -> SelftestPicture:
    """Of some random pictures that of which the model is least sure: it shows most."""
    found = []
    for seed in range(_CANDIDATES):
        pixels = make(np.random.default_rng(seed))
        data = cv2.imencode(extension, pixels, _SMALL[extension])[1].tobytes()
        found.append((model.predict(data).score, seed, data))
    return _answered(model, min(found)[2])


def _answered(model: pocketlens.Classifier, data: bytes) -> SelftestPicture:
    probabilities = tuple(model.predict(data).scores.values())
    values = tuple(sampled_input(model, data))
    return SelftestPicture(b64encode(data).decode(), probabilities, values)


def _fields(random: np.random.Generator, height: int, width: int, fields: int) -> Pixels:
    """Fields of random colours, which stay small in a file."""
    colours = random.integers(0, 256, (fields, fields, 3), np.uint8)
    enlarged = cv2.resize(colours, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(enlarged, np.uint8)


def _tiles(random: np.random.Generator, height: int, width: int) -> Pixels:
    """A tile of noise over and over: each kind of interpolation makes something else of it."""
    tile = random.integers(0, 256, (16, 37, 3), np.uint8)
    rows, columns = -(-height // 16), -(-width // 37)
    return np.tile(tile, (rows, columns, 1))[:height, :width]

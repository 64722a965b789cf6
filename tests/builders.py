"""Pictures and models that tests build for themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.metadata import KEY, Metadata
from pocketlens.metadata.measurements import Metrics
from pocketlens.metadata.provenance import Data
from pocketlens.pictures.preprocessing import Preprocessing

DATA = Path(__file__).parent / "data"

COLORS = Metadata(
    labels=("red", "green", "blue"),
    preprocessing=Preprocessing((8, 8), "rgb"),
    architecture="colors",
)


def colors_model(**changes: Any) -> bytes:
    """The colors model (data/make_colors_model.py); `changes` replace keys of its metadata."""
    content = json.loads(COLORS.to_json()) | changes
    return with_properties((DATA / "colors.onnx").read_bytes(), {KEY: json.dumps(content)})


def with_properties(model: bytes, properties: dict[str, str]) -> bytes:
    """Appends metadata_props (field 14 of onnx's ModelProto) to a serialized model."""

    def field(number: int, content: bytes) -> bytes:
        length, size = len(content), b""
        while length > 127:
            size += bytes([length & 127 | 128])
            length >>= 7
        return bytes([number << 3 | 2]) + size + bytes([length]) + content

    for key, value in properties.items():
        model += field(14, field(1, key.encode()) + field(2, value.encode()))
    return model


def plain(red: int, green: int, blue: int, size: tuple[int, int] = (12, 16)) -> Any:
    """An RGB picture of one colour."""
    picture: npt.NDArray[np.uint8] = np.full((*size, 3), (red, green, blue), np.uint8)
    return picture


def encode(rgb: npt.NDArray[np.uint8], extension: str = ".png") -> bytes:
    """The bytes of a picture file."""
    return cv2.imencode(extension, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()


def figures(matrix: list[list[int]]) -> Metrics:
    """A metadata's metrics of a confusion matrix; what does not follow from it is made up."""
    counts = np.asarray(matrix)
    return Metrics(
        accuracy=float(counts.trace() / counts.sum()),
        accuracy_interval=(0.8, 0.9),
        log_loss=0.5,
        calibration_error=0.02,
        images=int(counts.sum()),
        confusion_matrix=tuple(map(tuple, matrix)),
    )


def mistaken_for_the_next(classes: int, right: int = 9) -> list[list[int]]:
    """A confusion matrix: of each class so many are right, and one is taken for the next class."""
    matrix = np.eye(classes, dtype=int) * right
    matrix[np.arange(classes), np.roll(np.arange(classes), -1)] += 1
    return [[int(count) for count in row] for row in matrix]


def described(labels: tuple[str, ...]) -> Metadata:
    """A metadata of any labels, with figures and numbers of pictures."""
    images = {label: 10 + index for index, label in enumerate(labels)}
    return Metadata(
        labels,
        COLORS.preprocessing,
        "colors",
        metrics=figures(mistaken_for_the_next(len(labels))),
        data=Data("0", images, left_out=0, split={"train": 5}),
    )


PAINTS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}


def paint(folder: Path, label: str, count: int, first: int = 0) -> Path:
    """Writes noisy pictures of a colour into the folder of its class."""
    (folder / label).mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        random = np.random.default_rng([number, *PAINTS[label]])
        picture = random.normal(PAINTS[label], 60, (40, 56, 3)).clip(0, 255).astype(np.uint8)
        (folder / label / f"{number}.png").write_bytes(encode(picture))
    return folder

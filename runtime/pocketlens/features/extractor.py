"""Runs the frozen network that teaching builds on and checking looks with."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pocketlens.engine.network import Network
from pocketlens.engine.session import INPUT_NAME
from pocketlens.pictures.cutting import CENTER
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.files import read_bytes
from pocketlens.pictures.preprocessing import Preprocessing, network_input

FEATURE_MAP, FEATURES = "feature_map", "features"
"""Its outputs: N x D x h x w, for a head; N x E, which familiarity is measured by."""
NAME = "lite0"
FILE = Path(__file__).parent / f"{NAME}.onnx"
INPUT_SIZE = (224, 224)


class PictureFeatures(NamedTuple):
    """What the network makes of a picture.

    Attributes:
        plain: The pooled feature map, D.
        mirrored: That of its mirror image.
        bottleneck: What familiarity is measured by, E.
    """

    plain: npt.NDArray[np.float32]
    mirrored: npt.NDArray[np.float32]
    bottleneck: npt.NDArray[np.float32]


class FeatureExtractor:
    """Runs a network without a head on pictures, with one thread: workers may share it."""

    def __init__(self, model: bytes, preprocessing: Preprocessing) -> None:
        """Takes a file's content, and how pictures become its input."""
        self._network = Network(model, ["CPUExecutionProvider"])
        self._preprocessing = preprocessing

    def extract(self, data: bytes) -> PictureFeatures:
        """What the network makes of a picture file and of its mirror image.

        Raises:
            ImageError: The bytes are no picture.
        """
        picture = network_input(data, self._preprocessing)
        pooled, bottleneck = self.run(np.stack([picture, picture[:, ::-1]]))
        return PictureFeatures(pooled[0], pooled[1], bottleneck[0])

    def run(self, pictures: Pixels) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The pooled feature maps, N x D, and the bottlenecks, N x E, of N inputs."""
        feature_map, bottleneck = self._network.run([FEATURE_MAP, FEATURES], {INPUT_NAME: pictures})
        return feature_map.mean(axis=(2, 3)), bottleneck


def bundled_extractor(preprocessing: Preprocessing) -> FeatureExtractor:
    """Runs the network that comes with the package.

    Raises:
        FileMissingError: It does not.
    """
    return FeatureExtractor(read_bytes(FILE), preprocessing)


def default_preprocessing(input_size: tuple[int, int] = INPUT_SIZE) -> Preprocessing:
    """As `pocketlens train` has it unless it is told otherwise."""
    return Preprocessing(input_size, "rgb", crop_mode=CENTER)

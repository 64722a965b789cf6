"""The frozen network that teaching builds on: pictures -> features."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx

from pocketlens.engine.network import Network
from pocketlens.engine.session import INPUT_NAME
from pocketlens.errors import ModelError
from pocketlens.pictures.cutting import CENTER
from pocketlens.pictures.files import read_bytes
from pocketlens.pictures.preprocessing import Preprocessing, network_input
from pocketlens_export.graph import FEATURES

FEATURE_MAP = "feature_map"
"""The output that the head is put on, N x D x h x w; the other one is FEATURES."""
NAME = "lite0"
FILE = Path(__file__).parent / "features" / f"{NAME}.onnx"


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


@dataclass(frozen=True)
class FeaturesFile:
    """A network without a head.

    Attributes:
        model: Its graph, with outputs FEATURE_MAP and FEATURES.
        preprocessing: How pictures become its input.
        sha256: Of the file.
    """

    model: onnx.ModelProto
    preprocessing: Preprocessing
    sha256: str


def load_features() -> FeaturesFile:
    """The one that comes with the package.

    Raises:
        FileMissingError: It does not.
        ModelError: It is damaged.
    """
    content = read_bytes(FILE)
    try:
        model = onnx.load_from_string(content)
    except Exception as error:  # protobuf's own class
        raise ModelError(f"{FILE}: is damaged; install pocketlens again") from error
    return FeaturesFile(model, preprocessing_of(model), hashlib.sha256(content).hexdigest())


def preprocessing_of(model: onnx.ModelProto) -> Preprocessing:
    """As `pocketlens train` has it unless it is told otherwise."""
    height, width = (
        side.dim_value for side in model.graph.input[0].type.tensor_type.shape.dim[1:3]
    )
    return Preprocessing((height, width), "rgb", crop_mode=CENTER)


class FeatureExtractor:
    """Runs a network without a head on pictures, with one thread: workers may share it."""

    def __init__(self, model: onnx.ModelProto, preprocessing: Preprocessing) -> None:
        """Takes what a FeaturesFile has."""
        self._network = Network(model.SerializeToString(), ["CPUExecutionProvider"])
        self._preprocessing = preprocessing

    def extract(self, data: bytes) -> PictureFeatures:
        """What the network makes of a picture file and of its mirror image.

        Raises:
            ImageError: The bytes are no picture.
        """
        picture = network_input(data, self._preprocessing)
        both: Any = np.stack([picture, picture[:, ::-1]])
        feature_map, features = self._network.run([FEATURE_MAP, FEATURES], {INPUT_NAME: both})
        pooled = feature_map.mean(axis=(2, 3))
        return PictureFeatures(pooled[0], pooled[1], features[0])

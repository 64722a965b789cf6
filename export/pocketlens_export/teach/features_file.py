"""The graph of the frozen network that teaching builds on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import onnx

from pocketlens.errors import ModelError
from pocketlens.features.extractor import FILE, FeatureExtractor, default_preprocessing
from pocketlens.pictures.files import read_bytes
from pocketlens.pictures.preprocessing import Preprocessing


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
    return default_preprocessing((height, width))


def extractor_of(model: onnx.ModelProto, preprocessing: Preprocessing) -> FeatureExtractor:
    """Runs a graph."""
    return FeatureExtractor(model.SerializeToString(), preprocessing)

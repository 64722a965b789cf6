"""Makes the features file that `pocketlens teach` builds on, from a network of train.

    python -c "from pocketlens_train.architectures import lite0
    lite0.build((224, 224, 3), 2).save('lite0.keras')"
    python -m pocketlens_export.make_features lite0.keras PICTURES --out lite0.onnx

The result belongs into runtime/pocketlens/features. PICTURES is a folder of some hundreds of
pictures of all kinds: the ranges of the activations are taken from them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx.utils import Extractor

from pocketlens.engine.session import INPUT_NAME
from pocketlens.features.extractor import FEATURE_MAP, FEATURES
from pocketlens.pictures.folders import PassedOver, picture_files
from pocketlens_export.conversion import convert, load_keras, take_apart
from pocketlens_export.graph_checks import check_graph
from pocketlens_export.model_file import write
from pocketlens_export.quantization import PICTURES, quantize
from pocketlens_export.teach.features_file import preprocessing_of


def make_features(network: Path, pictures: Path, out: Path) -> None:
    """Writes the network without its head, in int8."""
    keras_model = load_keras(network)
    plain = convert(take_apart(keras_model, keras_model.output_shape[-1]))
    files = sorted(picture_files([str(pictures)], PassedOver(), lambda error: None))
    chosen = [Path(files[i]) for i in np.linspace(0, len(files) - 1, PICTURES).astype(int)]
    model = quantize(plain, chosen, preprocessing_of(plain))
    features = _without_head(model)
    _slim(features)
    check_graph(features, {FEATURE_MAP, FEATURES})
    write(features.SerializeToString(), out)
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")


def _without_head(model: onnx.ModelProto) -> onnx.ModelProto:
    head = next(node for node in model.graph.node if "activation_map" in node.name)
    inferred = onnx.shape_inference.infer_shapes(model)
    return Extractor(inferred).extract_model([INPUT_NAME], [head.input[0], FEATURES])


def _slim(model: onnx.ModelProto) -> None:
    """Takes away what a session does not need: long names, and the weights' zero points, all 0."""
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    feature_map = next(node.name for node in graph.output if node.name != FEATURES)
    short = {INPUT_NAME: INPUT_NAME, FEATURES: FEATURES, feature_map: FEATURE_MAP}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in weights:
            del node.input[2:]
        for names in (node.input, node.output):
            names[:] = [short.setdefault(name, f"t{len(short)}") for name in names]
        node.name = node.output[0]
    kept = [tensor for tensor in graph.initializer if tensor.name in short]
    for named in (*kept, *graph.output):
        named.name = short[named.name]
    slim = [onnx.TensorProto.FromString(tensor.SerializeToString()) for tensor in kept]
    del graph.initializer[:], graph.value_info[:], model.metadata_props[:]
    graph.initializer.extend(slim)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("network", type=Path, metavar="NETWORK.keras")
    parser.add_argument("pictures", type=Path, metavar="PICTURES")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.onnx")
    arguments = parser.parse_args()
    make_features(arguments.network, arguments.pictures, arguments.out)


if __name__ == "__main__":
    main()

"""Static int8: QDQ, uint8 activations, seven-bit weights per channel, corrected biases.

Seven bits, because the kernels of x86 CPUs without VNNI saturate with eight; with seven the same
file answers alike on x86 and ARM.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantType
from onnxruntime.quantization.calibrate import MinMaxCalibrater
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry
from onnxruntime.quantization.shape_inference import quant_pre_process

from pocketlens.engine.cores import usable_cores
from pocketlens.engine.network import Network
from pocketlens.engine.session import INPUT_NAME
from pocketlens.pictures.preprocessing import Preprocessing, network_input
from pocketlens_export.bias_correction import correct_biases

PICTURES = 300
_FEWEST = 50
"""From fewer pictures the range of the activations is not known: crops of them are added."""
_FOR_BIASES = 64
"""Pictures on which biases are corrected; twice as many gave no better answers."""


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, inputs: Iterator[npt.NDArray[np.uint8]]) -> None:
        self._inputs = inputs

    def get_next(self) -> dict[str, Any] | None:
        picture = next(self._inputs, None)
        return None if picture is None else {INPUT_NAME: picture[None]}


def quantize(
    model: onnx.ModelProto, pictures: Sequence[Path], preprocessing: Preprocessing
) -> onnx.ModelProto:
    """Quantizes a float model.

    The first convolution and what follows the last feature map stay in float: it costs nothing,
    the weights of the first do most of the harm, and a quantized softmax would move in steps of
    1/255.

    Args:
        model: The float model; not changed.
        pictures: Files of training pictures.
        preprocessing: How pictures become the model's input.
    """
    with TemporaryDirectory() as folder:
        plain, folded, augmented = (Path(folder, f"{name}.onnx") for name in ("a", "b", "c"))
        onnx.save(model, plain)
        quant_pre_process(plain, folded, skip_symbolic_shape=True)
        kinds = sorted({*QDQRegistry, *QLinearOpsRegistry})
        calibrater = MinMaxCalibrater(folded, kinds, augmented_model_path=str(augmented))
        calibrater.augment_graph()
        # Its own session would have threads that spin, and no optimized kernels.
        calibrater.infer_session = Network(
            augmented.read_bytes(), ["CPUExecutionProvider"], usable_cores()
        ).start()
        inputs = list(_inputs(pictures, preprocessing))
        calibrater.collect_data(_Pictures(iter(inputs)))
        body = onnx.load(folded)
        quantizer = QDQQuantizer(
            body,
            per_channel=True,
            reduce_range=True,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=calibrater.compute_data(),
            nodes_to_quantize=None,
            nodes_to_exclude=[*_stem(body.graph), *_head(body.graph)],
            op_types_to_quantize=kinds,
            extra_options={},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
        quantized: onnx.ModelProto = quantizer.model.model
        chosen = np.linspace(0, len(inputs) - 1, min(_FOR_BIASES, len(inputs))).astype(int)
        correct_biases(quantized, onnx.load(folded), np.stack([inputs[each] for each in chosen]))
        return quantized


def _inputs(
    pictures: Sequence[Path], preprocessing: Preprocessing
) -> Iterator[npt.NDArray[np.uint8]]:
    """The network's inputs; few pictures are followed by crops of them, every other mirrored."""
    random = np.random.default_rng(0)
    for copy in range(math.ceil(_FEWEST / len(pictures))):
        for path in pictures:
            picture = network_input(path, preprocessing)
            yield _crop(picture, random)[:, :: (-1) ** copy] if copy else picture


def _crop(picture: npt.NDArray[np.uint8], random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A part of the picture, made as large as the whole."""
    share = random.uniform(0.7, 1)
    sides = np.array(picture.shape[:2])
    top, left = (random.uniform(size=2) * (1 - share) * sides).astype(int)
    height, width = np.ceil(share * sides).astype(int)
    part = picture[top : top + height, left : left + width]
    return np.asarray(cv2.resize(part, sides[::-1].tolist()).reshape(picture.shape), np.uint8)


def _stem(graph: onnx.GraphProto) -> list[str]:
    """The nodes up to the first convolution and its activation."""
    names = []
    for node in graph.node:
        names.append(node.name)
        if node.op_type == "Conv":
            output = node.output[0]
            after = (each for each in graph.node if output in each.input)
            return names + [each.name for each in after if each.op_type in ("Clip", "Relu")]
    return []


def _head(graph: onnx.GraphProto) -> list[str]:
    """The nodes that stay in float: all but what leads to the last feature map."""
    producer = {name: node for node in graph.node for name in node.output}
    maps = [node for node in graph.node if node.op_type == "Conv" and "activation_map" in node.name]
    last = (maps or [node for node in graph.node if node.op_type == "Softmax"])[0]
    body: set[str] = set()
    todo = list(last.input)
    while todo:
        node = producer.get(todo.pop())
        if node is not None and node.name not in body:
            body.add(node.name)
            todo += node.input
    return [node.name for node in graph.node if node.name not in body]

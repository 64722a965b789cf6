"""Static int8: QDQ, uint8 activations, seven-bit weights per channel.

Seven bits, because the kernels of x86 CPUs without VNNI saturate with eight; with seven the same
file answers alike on x86 and ARM.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantType
from onnxruntime.quantization.calibrate import MinMaxCalibrater
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry
from onnxruntime.quantization.shape_inference import quant_pre_process

from pocketlens.engine.network import Network
from pocketlens.engine.session import INPUT_NAME
from pocketlens.errors import DatasetError
from pocketlens.pictures.preprocessing import Preprocessing, network_input

PICTURES = 300
_FEWEST = 50


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, paths: Sequence[Path], preprocessing: Preprocessing) -> None:
        self._inputs = self._read(paths, preprocessing)

    def get_next(self) -> dict[str, Any] | None:
        return next(self._inputs, None)

    @staticmethod
    def _read(paths: Sequence[Path], preprocessing: Preprocessing) -> Iterator[dict[str, Any]]:
        for path in paths:
            yield {INPUT_NAME: network_input(path, preprocessing)[None]}


def check_calibration_pictures(count: int) -> None:
    """Refuses too few pictures to know the range of the activations from.

    Raises:
        DatasetError: There are fewer than 50.
    """
    if count < _FEWEST:
        raise DatasetError(
            f"int8 is calibrated on training pictures, the run has {count}, expected at least "
            f"{_FEWEST}; train on more pictures or export without --int8"
        )


def quantize(
    model: onnx.ModelProto, pictures: Sequence[Path], preprocessing: Preprocessing
) -> onnx.ModelProto:
    """Quantizes a float model.

    What follows the last feature map stays in float: it costs nothing, and a quantized softmax
    would move in steps of 1/255.

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
        calibrater.infer_session = Network(augmented.read_bytes(), ["CPUExecutionProvider"]).start()
        calibrater.collect_data(_Pictures(pictures, preprocessing))
        body = onnx.load(folded)
        quantizer = QDQQuantizer(
            body,
            per_channel=True,
            reduce_range=True,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=calibrater.compute_data(),
            nodes_to_quantize=None,
            nodes_to_exclude=_head(body.graph),
            op_types_to_quantize=kinds,
            extra_options={},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
        quantized: onnx.ModelProto = quantizer.model.model
        return quantized


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

"""Bias correction: what rounding the weights adds to a layer's mean output is taken off again.

After Nagel et al. 2019 (1906.04721), on pictures: layer by layer, as each one's error depends on
those before it; all at once over-corrects and diverges.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx.utils import Extractor

from pocketlens.engine.cores import usable_cores
from pocketlens.engine.network import Network
from pocketlens.engine.session import INPUT_NAME

_BATCH = 8


@dataclass(frozen=True)
class _Layer:
    """A quantized convolution: the names of its tensors.

    Attributes:
        output: Of what it computes in float, after the activation.
        quantized: Of that in uint8.
        scale: Of the step of `quantized`.
        zero_point: Of what stands for 0 in it.
        bias: Of its int32 bias.
        bias_scale: Of the steps of the bias, one a channel.
        sources: Of the outputs of other layers that it is computed from.
    """

    output: str
    quantized: str
    scale: str
    zero_point: str
    bias: str
    bias_scale: str
    sources: list[str]


def correct_biases(
    quantized: onnx.ModelProto, plain: onnx.ModelProto, pictures: npt.NDArray[np.uint8]
) -> None:
    """Changes the biases of a quantized graph so that each channel has the float graph's mean.

    Means are compared after the activation and its rounding, on all places of all pictures.

    Args:
        quantized: As onnxruntime's QDQ quantizer leaves it; changed in place.
        plain: The float graph that was quantized, with the same tensor names.
        pictures: The graph's input, N x H x W x C.
    """
    extractor = Extractor(quantized)
    constants = extractor.initializers
    layers = _layers(quantized.graph)
    if not layers:
        return
    expected = _means(plain, [layer.output for layer in layers], pictures)
    values: dict[str, npt.NDArray[Any]] = {INPUT_NAME: pictures}
    for index, (layer, mean) in enumerate(zip(layers, expected, strict=True)):
        extractor.value_infos[layer.quantized] = helper.make_tensor_value_info(
            layer.quantized, TensorProto.UINT8, None
        )
        inputs = {name: values[name] for name in layer.sources}
        before = _run(extractor, layer.quantized, inputs)
        step, zero, bias, bias_step = (
            numpy_helper.to_array(constants[name]).astype(np.float64)
            for name in (layer.scale, layer.zero_point, layer.bias, layer.bias_scale)
        )
        error = (before.mean(axis=(0, 2, 3), dtype=np.float64) - zero) * step - mean
        limits = np.iinfo(np.int32)
        corrected = np.rint(bias - error / bias_step).clip(limits.min, limits.max)
        constants[layer.bias].CopyFrom(
            numpy_helper.from_array(corrected.astype(np.int32), layer.bias)
        )
        values[layer.quantized] = _run(extractor, layer.quantized, inputs)
        still = {name for later in layers[index + 1 :] for name in later.sources}
        values = {name: value for name, value in values.items() if name in still}


def _layers(graph: onnx.GraphProto) -> list[_Layer]:
    """The convolutions with a bias of their own, in an order in which they can be computed."""
    producer = {name: node for node in graph.node for name in node.output}
    users: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    layers: list[_Layer] = []
    known = {INPUT_NAME}
    for node in graph.node:
        if node.op_type != "Conv" or len(node.input) < 3:
            continue
        bias, after = producer.get(node.input[2]), users.get(node.output[0], [])
        if bias is None or [each.op_type for each in after] != ["QuantizeLinear"]:
            continue
        if len(users[bias.output[0]]) > 1 or len(users[bias.input[0]]) > 1:
            continue
        output = after[0].output[0]
        layers.append(
            _Layer(
                output=node.output[0],
                quantized=output,
                scale=after[0].input[1],
                zero_point=after[0].input[2],
                bias=bias.input[0],
                bias_scale=bias.input[1],
                sources=_sources(output, producer, known),
            )
        )
        known.add(output)
    return layers


def _sources(name: str, producer: dict[str, NodeProto], known: Collection[str]) -> list[str]:
    """Which of the known tensors one is computed from."""
    found, seen, todo = set(), {name}, [name]
    while todo:
        current = todo.pop()
        if current in known:
            found.add(current)
        elif current in producer:
            inputs = set(producer[current].input) - seen
            seen |= inputs
            todo += inputs
    return sorted(found)


def _means(
    model: onnx.ModelProto, names: Sequence[str], pictures: npt.NDArray[np.uint8]
) -> list[npt.NDArray[np.float64]]:
    """The mean of each channel of these tensors, N x C x H x W, over all pictures."""
    graph = onnx.ModelProto()
    graph.CopyFrom(model)
    means = [f"{name}/mean" for name in names]
    graph.graph.node.extend(
        helper.make_node("ReduceMean", [name], [mean], axes=[2, 3], keepdims=0)
        for name, mean in zip(names, means, strict=True)
    )
    del graph.graph.output[:]
    graph.graph.output.extend(
        helper.make_tensor_value_info(mean, TensorProto.FLOAT, None) for mean in means
    )
    network = Network(graph.SerializeToString(), ["CPUExecutionProvider"], usable_cores())
    batches = [
        network.run(means, {INPUT_NAME: pictures[start : start + _BATCH]})
        for start in range(0, len(pictures), _BATCH)
    ]
    return [
        np.concatenate(parts).mean(axis=0, dtype=np.float64) for parts in zip(*batches, strict=True)
    ]


def _run(
    extractor: Extractor, output: str, inputs: dict[str, npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    part = extractor.extract_model(list(inputs), [output])
    network = Network(part.SerializeToString(), ["CPUExecutionProvider"], usable_cores())
    return np.asarray(network.run([output], inputs)[0])

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from builders import encode

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

import pocketlens_export.quantization as quantization
from pocketlens.pictures.preprocessing import Preprocessing, network_input
from pocketlens_export.bias_correction import correct_biases
from pocketlens_export.quantization import quantize

PREPROCESSING = Preprocessing((16, 16), "rgb")


@pytest.fixture(scope="module")
def network() -> Any:
    """A stem, two residual blocks with ReLU6, a head: the operators of a trained network."""
    random = np.random.default_rng(0)
    nodes: list[Any] = []
    constants: dict[str, Any] = {"mean": np.float32(0.5), "step": np.float32(1 / 255)}

    def add(kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(onnx.helper.make_node(kind, inputs, [output], f"{output}/node", **attributes))
        return output

    def conv(source: str, name: str, shape: tuple[int, ...], group: int = 1) -> str:
        fan_in = np.prod(shape[1:])
        constants[f"{name}/w"] = random.normal(0, 1.5 / np.sqrt(fan_in), shape).astype(np.float32)
        constants[f"{name}/b"] = random.normal(0.3, 0.3, shape[0]).astype(np.float32)
        pads = [shape[2] // 2] * 4
        return add("Conv", [source, f"{name}/w", f"{name}/b"], name, group=group, pads=pads)

    def relu6(source: str) -> str:
        constants.update(low=np.float32(0), high=np.float32(6))
        return add("Clip", [source, "low", "high"], f"{source}/relu6")

    add("Cast", ["image"], "float", to=onnx.TensorProto.FLOAT)
    add("Transpose", ["float"], "planes", perm=[0, 3, 1, 2])
    add("Mul", ["planes", "step"], "scaled")
    x = relu6(conv(add("Sub", ["scaled", "mean"], "centred"), "stem", (8, 3, 3, 3)))
    for name in ("b0", "b1"):
        y = relu6(conv(x, f"{name}_expand", (24, 8, 1, 1)))
        y = relu6(conv(y, f"{name}_dw", (24, 1, 3, 3), group=24))
        x = add("Add", [x, conv(y, f"{name}_project", (8, 24, 1, 1))], f"{name}_add")
    x = conv(relu6(conv(x, "head", (32, 8, 1, 1))), "activation_map", (3, 32, 1, 1))
    constants["activation_map/w"] /= 4
    add("Flatten", [add("GlobalAveragePool", [x], "pooled")], "logits")
    add("Softmax", ["logits"], "probabilities")
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "small",
        [value("image", onnx.TensorProto.UINT8, ["N", 16, 16, 3])],
        [value("probabilities", onnx.TensorProto.FLOAT, ["N", 3])],
        [onnx.numpy_helper.from_array(np.asarray(each), name) for name, each in constants.items()],
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, random = tmp_path_factory.mktemp("pictures"), np.random.default_rng(1)
    paths = [folder / f"{number:02}.png" for number in range(60)]
    for path in paths:
        colour = random.uniform(20, 235, 3)
        path.write_bytes(encode(random.normal(colour, 20, (16, 16, 3)).clip(0, 255).astype("u1")))
    return paths


@pytest.fixture(scope="module")
def uncorrected(network: Any, pictures: list[Path]) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantization, "correct_biases", lambda *_: None)
        return quantize(network, pictures, PREPROCESSING)


def inputs(paths: list[Path]) -> npt.NDArray[np.uint8]:
    return np.stack([network_input(path, PREPROCESSING) for path in paths])


def run(model: Any, pictures: npt.NDArray[np.uint8], name: str) -> npt.NDArray[Any]:
    """Any tensor of a graph."""
    graph = onnx.ModelProto()
    graph.CopyFrom(model)
    graph.graph.output.append(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
    )
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run([name], {"image": pictures})[0])


def copied(model: Any) -> Any:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def bias_of(model: Any, conv: str) -> Any:
    """The int32 bias of a convolution."""
    producer = {name: node for node in model.graph.node for name in node.output}
    node = next(node for node in model.graph.node if node.name == f"{conv}/node")
    name = producer[node.input[2]].input[0]
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def test_known_error_of_a_bias_is_taken_back(
    network: Any, uncorrected: Any, pictures: list[Path]
) -> None:
    seen = inputs(pictures)
    expected, damaged = copied(uncorrected), copied(uncorrected)
    correct_biases(expected, network, seen)
    tensor = bias_of(damaged, "b0_project")
    right = onnx.numpy_helper.to_array(bias_of(expected, "b0_project"))
    wrong = onnx.numpy_helper.to_array(tensor) + 5000
    tensor.CopyFrom(onnx.numpy_helper.from_array(wrong, tensor.name))
    assert np.abs(wrong - right).min() > 4000
    correct_biases(damaged, network, seen)
    got = onnx.numpy_helper.to_array(bias_of(damaged, "b0_project"))
    np.testing.assert_allclose(got, right, atol=250)


def test_means_and_answers_come_nearer_to_float(
    network: Any, uncorrected: Any, pictures: list[Path]
) -> None:
    corrected, seen = quantize(network, pictures, PREPROCESSING), inputs(pictures)
    for name in ("b1_project", "b1_add"):
        plain, before, after = (
            run(model, seen, name).mean(axis=(0, 2, 3))
            for model in (network, uncorrected, corrected)
        )
        assert np.abs(after - plain).mean() < np.abs(before - plain).mean() / 3
    plain, before, after = (
        run(model, seen, "probabilities") for model in (network, uncorrected, corrected)
    )
    assert np.ptp(plain, axis=0).min() > 0.02
    assert np.abs(after - plain).mean() < np.abs(before - plain).mean()


def test_corrected_graph_runs_on_the_same_kernels(
    network: Any, uncorrected: Any, pictures: list[Path], tmp_path: Path
) -> None:
    kinds = []
    for model in (uncorrected, quantize(network, pictures, PREPROCESSING)):
        options = onnxruntime.SessionOptions()
        level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.graph_optimization_level = level
        options.optimized_model_filepath = str(tmp_path / "optimized.onnx")
        onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        nodes = onnx.load(tmp_path / "optimized.onnx").graph.node
        kinds.append(Counter(node.op_type for node in nodes))
    assert kinds[0] == kinds[1]
    assert kinds[0]["QLinearConv"] == 7
    assert kinds[0]["Conv"] == 2, "the first and the last, in float"
    assert kinds[0]["Clip"] == 0


def test_few_pictures_are_calibrated_on_with_crops(
    network: Any, pictures: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[npt.NDArray[np.uint8]] = []
    monkeypatch.setattr(quantization, "correct_biases", lambda *about: shown.append(about[2]))
    quantize(network, pictures[:4], PREPROCESSING)
    assert shown[0].shape == (52, 16, 16, 3)
    np.testing.assert_array_equal(shown[0][:4], inputs(pictures[:4]))
    assert len(np.unique(shown[0], axis=0)) > 35
    shown.clear()
    quantize(network, pictures, PREPROCESSING)
    np.testing.assert_array_equal(shown[0], inputs(pictures))

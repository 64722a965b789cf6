"""Writes colors.onnx: a network whose answer can be worked out by hand.

The mean of each channel of an 8x8 RGB picture, times 10/255, goes through a softmax. The file holds
no pocketlens metadata: tests append what they need.

Run: python tests/data/make_colors_model.py
"""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", 8, 8, 3])
probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 3])
gain = helper.make_tensor("gain", TensorProto.FLOAT, [], [10 / 255])
nodes = [
    helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
    helper.make_node("ReduceMean", ["float"], ["mean"], axes=[1, 2], keepdims=0),
    helper.make_node("Mul", ["mean", "gain"], ["logits"]),
    helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
]
graph = helper.make_graph(nodes, "colors", [image], [probabilities], [gain])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model, full_check=True)
onnx.save(model, Path(__file__).with_name("colors.onnx"))

"""Writes colors.onnx: a network whose answer can be worked out by hand.

The mean of each channel of an 8x8 RGB picture, times 10/255, is a logit and goes through a softmax;
the largest logit is the familiarity, and the pixels times 10/255 are the activation map. The file
holds no pocketlens metadata: tests append what they need.

Run: python tests/data/make_colors_model.py
"""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", 8, 8, 3])
probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 3])
familiarity = helper.make_tensor_value_info("familiarity", TensorProto.FLOAT, ["batch"])
activation_map = helper.make_tensor_value_info(
    "activation_map", TensorProto.FLOAT, ["batch", 8, 8, 3]
)
gain = helper.make_tensor("gain", TensorProto.FLOAT, [], [10 / 255])
nodes = [
    helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
    helper.make_node("Mul", ["float", "gain"], ["activation_map"]),
    helper.make_node("ReduceMean", ["activation_map"], ["logits"], axes=[1, 2], keepdims=0),
    helper.make_node("ReduceMax", ["logits"], ["familiarity"], axes=[1], keepdims=0),
    helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
]
outputs = [probabilities, familiarity, activation_map]
graph = helper.make_graph(nodes, "colors", [image], outputs, [gain])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model, full_check=True)
onnx.save(model, Path(__file__).with_name("colors.onnx"))

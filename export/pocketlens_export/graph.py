"""What the exported graph adds to the trained network: temperature, familiarity, activation map."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from pocketlens.calibration.gaussians import Gaussians
from pocketlens.engine.session import ACTIVATION_MAP, FAMILIARITY, OUTPUT_NAME
from pocketlens.features.extractor import FEATURES
from pocketlens.metrics import softmax

LOGITS, PLACES = "logits", "places"
"""The trained network's own outputs."""
OPSET = 17
"""IR version 8: loads on every onnxruntime that the runtime supports, and on older ones."""
Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Heads:
    """From the trained network's own outputs to those of an exported file.

    Attributes:
        labels: The number of classes, K.
        temperature: What the logits are divided by.
        knows_outliers: Whether the logits have one more, that of pictures of no class.
        gaussians: What familiarity is measured by where outliers are not known; or None.
    """

    labels: int
    temperature: float
    knows_outliers: bool
    gaussians: Gaussians | None

    def output_names(self, outputs: Collection[str]) -> list[str]:
        """The exported file's outputs, for a trained network that has these."""
        names = [OUTPUT_NAME]
        if PLACES in outputs:
            names.append(ACTIVATION_MAP)
        if self.knows_outliers or self.gaussians:
            names.append(FAMILIARITY)
        return names

    def apply(self, outputs: Mapping[str, Numbers]) -> dict[str, Numbers]:
        """In numpy: what the graph must answer for these outputs of the trained network."""
        logits = outputs[LOGITS]
        known = logits[:, : self.labels]
        answers = {OUTPUT_NAME: softmax(known / self.temperature)}
        if PLACES in outputs:
            answers[ACTIVATION_MAP] = outputs[PLACES][..., : self.labels]
        if self.knows_outliers:
            answers[FAMILIARITY] = np.logaddexp.reduce(known, axis=1) - logits[:, self.labels]
        elif self.gaussians:
            answers[FAMILIARITY] = -self.gaussians.distance(outputs[FEATURES])
        return answers

    def add_to(self, network: onnx.ModelProto) -> onnx.ModelProto:
        """As nodes of the graph.

        Args:
            network: Of outputs "logits" and, where it has them, "places" and "features"; unchanged.
        """
        model = onnx.ModelProto()
        model.CopyFrom(network)
        graph = model.graph
        shapes = {node.name: node.type.tensor_type.shape for node in graph.output}
        batch = shapes[LOGITS].dim[0].dim_param or "N"
        outputs: dict[str, list[Any]] = {OUTPUT_NAME: [batch, self.labels]}
        if PLACES in shapes:
            sides = [side.dim_value for side in shapes[PLACES].dim[1:3]]
            outputs[ACTIVATION_MAP] = [batch, *sides, self.labels]
        if self.knows_outliers or self.gaussians:
            outputs[FAMILIARITY] = [batch]
        graph.node.extend(self._nodes(set(outputs)))
        graph.initializer.extend(
            numpy_helper.from_array(np.asarray(value), name) for name, value in self._constants()
        )
        del graph.output[:]
        graph.output.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in outputs.items()
        )
        return model

    def _nodes(self, outputs: set[str]) -> Iterator[NodeProto]:
        yield _node("Slice", [LOGITS, "zero", "labels", "last"], ["known"])
        yield _node("Mul", ["known", "inverse_temperature"], ["calibrated"])
        yield _node("Softmax", ["calibrated"], [OUTPUT_NAME], axis=-1)
        if ACTIVATION_MAP in outputs:
            yield _node("Slice", [PLACES, "zero", "labels", "last"], [ACTIVATION_MAP])
        if self.knows_outliers:
            yield _node("ReduceLogSumExp", ["known"], ["any_class"], axes=[1], keepdims=0)
            yield _node("Slice", [LOGITS, "labels", "end", "last"], ["outlier_column"])
            yield _node("Squeeze", ["outlier_column", "last"], ["outlier"])
            yield _node("Sub", ["any_class", "outlier"], [FAMILIARITY])
        elif self.gaussians:
            # Of constants, the session does it once, when it starts.
            yield _node("Cast", ["whitening_codes"], ["codes"], to=TensorProto.FLOAT)
            yield _node("Mul", ["codes", "whitening_steps"], ["whitening"])
            yield _node("MatMul", [FEATURES, "whitening"], ["white"])
            yield _node("Mul", ["white", "white"], ["squared"])
            yield _node("ReduceSum", ["squared", "last"], ["squares"], keepdims=1)
            yield _node("MatMul", ["white", "means"], ["products"])
            yield _node("Sub", ["squares", "products"], ["without_own"])
            yield _node("Add", ["without_own", "own"], ["distances"])
            yield _node("ReduceMin", ["distances"], ["distance"], axes=[1], keepdims=0)
            yield _node("Neg", ["distance"], [FAMILIARITY])

    def _constants(self) -> Iterator[tuple[str, Any]]:
        yield "zero", np.array([0])
        yield "labels", np.array([self.labels])
        yield "last", np.array([-1])
        yield "inverse_temperature", np.float32(1 / self.temperature)
        if self.knows_outliers:
            yield "end", np.array([self.labels + 1])
        elif self.gaussians:
            means = self.gaussians.means
            yield "whitening_codes", self.gaussians.codes
            yield "whitening_steps", self.gaussians.steps
            yield "means", 2 * means.T
            yield "own", np.square(means).sum(axis=1)[None]


def read_gaussians(model: onnx.ModelProto) -> Gaussians:
    """Those that Heads.add_to() has put into a graph.

    Raises:
        KeyError: There are none.
    """
    found = {each.name: each for each in model.graph.initializer}
    codes, steps, means = (
        numpy_helper.to_array(found[name])
        for name in ("whitening_codes", "whitening_steps", "means")
    )
    return Gaussians(codes, steps, means.T / 2)


def _node(kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> NodeProto:
    return helper.make_node(kind, inputs, outputs, f"head/{outputs[0]}", **attributes)

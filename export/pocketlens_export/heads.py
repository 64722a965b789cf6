"""What the exported graph adds to the trained network: temperature, familiarity, activation map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops
from scipy.optimize import minimize_scalar

from pocketlens.metrics import Classes
from pocketlens.preprocessing import Preprocessing, network_input
from pocketlens.session import ACTIVATION_MAP, FAMILIARITY, OUTPUT_NAME
from pocketlens_export.mahalanobis import Gaussians

Numbers = npt.NDArray[np.float32]

_BATCH = 32


@dataclass(frozen=True)
class Trained:
    """The trained network, taken apart.

    Attributes:
        model: uint8 pictures in; "logits" (N x outputs) out and, where the network has them,
            "activation_map" (N x h x w x outputs) and "features" (N x D), the pooled bottleneck.
        num_labels: The number of classes; one more output is that of outliers.
    """

    model: Any
    num_labels: int

    @property
    def has_features(self) -> bool:
        """Whether it has an activation map and features."""
        return "features" in self.model.output

    @property
    def knows_outliers(self) -> bool:
        """Whether it was trained to tell pictures of no class apart."""
        return int(self.model.output["logits"].shape[1]) > self.num_labels

    def answers(self, name: str, pictures: Sequence[Path], recipe: Preprocessing) -> Numbers:
        """One of the outputs for picture files."""
        network = keras.Model(self.model.input, self.model.output[name])
        rows = []
        for start in range(0, len(pictures), _BATCH):
            paths = pictures[start : start + _BATCH]
            inputs = np.stack([network_input(path, recipe) for path in paths])
            rows.append(np.asarray(network.predict_on_batch(inputs)))
        return np.concatenate(rows)


def take_apart(model: Any, num_labels: int) -> Trained:
    """Finds logits, activation map and features of a trained network.

    A network without a layer "activation_map" has the logarithms of its probabilities as logits.
    """
    names = {layer.name for layer in model.layers}
    if not {"activation_map", "bottleneck"} <= names:
        image = keras.Input(model.input_shape[1:], dtype="uint8")
        probabilities = model(image, training=False)
        logits = ops.log(ops.maximum(probabilities, 1e-30))
        return Trained(keras.Model(image, {"logits": logits}), num_labels)
    activation_map = model.get_layer("activation_map").output
    pooled = layers.GlobalAveragePooling2D()
    outputs = {
        "logits": pooled(activation_map),
        "activation_map": activation_map,
        "features": layers.GlobalAveragePooling2D()(model.get_layer("bottleneck").output),
    }
    return Trained(keras.Model(model.input, outputs), num_labels)


def fit_temperature(logits: npt.NDArray[Any], truth: Classes) -> float:
    """The temperature (Guo et al. 2017) with the least log loss on validation pictures.

    The targets are (n + 1) / (n + K) and not 1 (Platt 1999): where all n answers are right, the
    least loss would be at a temperature of 0.
    """
    count, classes = logits.shape
    targets = np.full((count, classes), 1 / (count + classes))
    targets[np.arange(count), truth] = (count + 1) / (count + classes)

    def loss(log_temperature: float) -> float:
        probabilities = softmax(logits / np.exp(log_temperature))
        return float(-(targets * np.log(probabilities.clip(min=1e-30))).sum(axis=1).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def softmax(logits: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Logits to probabilities, row by row."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def add_heads(trained: Trained, temperature: float, gaussians: Gaussians | None) -> Any:
    """The graph to export: calibrated probabilities and, where the network has them, the rest."""
    count = trained.num_labels
    outputs = trained.model.output
    logits = outputs["logits"]
    named = {OUTPUT_NAME: ops.softmax(logits[:, :count] * (1 / temperature))}
    if trained.has_features:
        named[ACTIVATION_MAP] = outputs["activation_map"][..., :count]
    if trained.knows_outliers:
        named[FAMILIARITY] = ops.logsumexp(logits[:, :count], axis=1) - logits[:, count]
    elif gaussians is not None:
        named[FAMILIARITY] = -gaussians.distance(outputs["features"])
    return keras.Model(trained.model.input, named)

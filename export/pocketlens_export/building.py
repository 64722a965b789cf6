"""A network of a run -> its graph with temperature and familiarity, in float and in int8."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from pocketlens.calibration.gaussians import fit_gaussians
from pocketlens.calibration.temperature import fit_temperature
from pocketlens.features.extractor import FEATURES
from pocketlens.run_folder import Run
from pocketlens_export.conversion import convert, load_keras, take_apart
from pocketlens_export.graph import LOGITS, Heads
from pocketlens_export.graph_checks import check_graph
from pocketlens_export.inference import run_graph
from pocketlens_export.quantization import PICTURES, quantize

_MOST_FEATURES = 2000
"""Training pictures from which the classes' Gaussians are estimated."""


@dataclass(frozen=True)
class Built:
    """A network on its way to a file.

    Attributes:
        network: With its inner outputs, in Keras.
        heads: Temperature and familiarity.
        plain: The graph in float, with the heads.
        model: The graph of the file, in int8 where this is asked for.
    """

    network: Any
    heads: Heads
    plain: onnx.ModelProto
    model: onnx.ModelProto


def build(file: Path, run: Run, int8: bool, without: str | None = None) -> Built:
    """Converts a network of a run.

    Args:
        file: The network.
        run: The run.
        int8: Whether the file's graph is to be in int8.
        without: The part whose pictures the network has not learnt from; None: it has from all.

    Raises:
        ModelError: The network cannot be read.
        ExportError: A check failed.
    """
    preprocessing = run.metadata.preprocessing
    network = take_apart(load_keras(file), len(run.metadata.labels))
    trained = convert(network)
    heads = _fit_heads(trained, run, without)
    plain = heads.add_to(trained)
    outputs = set(heads.output_names(network.output))
    check_graph(plain, outputs)
    if not int8:
        return Built(network, heads, plain, plain)
    pictures, _ = run.pictures("train", PICTURES, without=without)
    model = quantize(plain, pictures, preprocessing)
    check_graph(model, outputs)
    return Built(network, heads, plain, model)


def _fit_heads(trained: onnx.ModelProto, run: Run, without: str | None) -> Heads:
    """Temperature and familiarity, from the trained network's own outputs."""
    preprocessing, labels = run.metadata.preprocessing, len(run.metadata.labels)
    if run.out_of_fold:
        logits, truth = run.out_of_fold.logits, run.classes(run.split["train"])
    else:
        pictures, truth = run.pictures("validation")
        logits = run_graph(trained, pictures, preprocessing, LOGITS, "validation pictures")
    gaussians = None
    if FEATURES in {node.name for node in trained.graph.output}:
        pictures, classes = run.pictures("train", _MOST_FEATURES, without=without)
        features = run_graph(trained, pictures, preprocessing, FEATURES, "training pictures")
        gaussians = fit_gaussians(features, classes)
    return Heads(
        labels=labels,
        temperature=fit_temperature(logits[:, :labels], truth),
        knows_outliers=logits.shape[1] > labels,
        gaussians=gaussians,
    )

"""Does the exported graph, run by onnxruntime, answer as the Keras model does?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tensorflow as tf

from pocketlens.engine.network import Network
from pocketlens.engine.session import INPUT_NAME, OUTPUT_NAME
from pocketlens.errors import ExportError
from pocketlens.metadata.measurements import Parity
from pocketlens.pictures.preprocessing import Preprocessing, network_input
from pocketlens_export.graph import Heads

IMAGES = 256
BATCH_SIZES = (1, 5)
ATOL = 1e-4
RTOL = 1e-3
"""Of the other outputs, whose numbers have no fixed range, against their largest one."""
_KERAS_BATCH = 16


def measure_parity(
    network: Any,
    heads: Heads,
    model: onnx.ModelProto,
    pictures: Sequence[Path],
    preprocessing: Preprocessing,
) -> Parity:
    """Compares all outputs, from the pictures' bytes on.

    Args:
        network: The Keras model that was converted; a dict of outputs.
        heads: What the graph has more than that model.
        model: The graph.
        pictures: Picture files.
        preprocessing: How they become its input.
    """
    inputs = np.stack([network_input(picture, preprocessing) for picture in pictures])
    expected = heads.apply(_run_keras(network, inputs))
    session = Network(model.SerializeToString(), ["CPUExecutionProvider"])
    names = list(expected)
    differences: dict[str, float] = dict.fromkeys(names, 0.0)
    agreement = 1.0
    for size in BATCH_SIZES:
        parts = [
            session.run(names, {INPUT_NAME: inputs[start : start + size]})
            for start in range(0, len(inputs), size)
        ]
        got = dict(zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True))
        for name in names:
            difference = float(np.abs(got[name] - expected[name]).max())
            # Not max(): it would lose a NaN.
            differences[name] = float(np.maximum(differences[name], difference))
        same = got[OUTPUT_NAME].argmax(axis=1) == expected[OUTPUT_NAME].argmax(axis=1)
        agreement = min(agreement, float(same.mean()))
    relative = [
        differences[name] / float(np.abs(expected[name]).max())
        for name in names
        if name != OUTPUT_NAME
    ]
    return Parity(
        max_abs_difference=differences[OUTPUT_NAME],
        max_rel_difference=float(np.max([0.0, *relative])),
        top1_agreement=agreement,
        images=len(pictures),
        batch_sizes=BATCH_SIZES,
        atol=ATOL,
    )


def _run_keras(network: Any, inputs: Any) -> dict[str, Any]:
    # One graph for all batches: predict() would compile another for the last, smaller one.
    signature = [tf.TensorSpec((None, *inputs.shape[1:]), tf.uint8)]
    run = tf.function(lambda batch: network(batch, training=False), signature, autograph=False)
    parts = [
        run(tf.constant(inputs[start : start + _KERAS_BATCH]))
        for start in range(0, len(inputs), _KERAS_BATCH)
    ]
    return {name: np.concatenate([part[name].numpy() for part in parts]) for name in parts[0]}


def check_parity(parity: Parity) -> None:
    """Refuses a graph that answers otherwise than Keras.

    Raises:
        ExportError: A probability differs by more than ATOL, another output by more than RTOL, or
            a label differs.
    """
    difference, relative = parity.max_abs_difference, parity.max_rel_difference
    if not difference <= ATOL or not relative <= RTOL or parity.top1_agreement < 1:
        raise ExportError(
            f"check 'parity' failed: over {parity.images} pictures the probabilities differ "
            f"from Keras by up to {difference:.1e} (at most {ATOL:.0e} allowed), the other outputs "
            f"by {relative:.1e} of their largest ({RTOL:.0e} allowed), the label is the same for "
            f"{parity.top1_agreement:.2%} (100 % expected)"
        )

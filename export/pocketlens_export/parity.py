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
from pocketlens_export.inference import BATCH, in_batches

IMAGES = 64
BATCH_SIZES = (1, BATCH - 1)
"""In turns: the first picture of a batch alone, then the others."""
ATOL = 1e-4
RTOL = 1e-3
"""Of the other outputs, whose numbers have no fixed range, against their largest one."""


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
    signature = [tf.TensorSpec((None, *preprocessing.input_shape), tf.uint8)]
    keras = tf.function(lambda batch: network(batch, training=False), signature, autograph=False)
    session = Network(model.SerializeToString(), ["CPUExecutionProvider"])
    names = [node.name for node in model.graph.output]

    def run(paths: Sequence[Path]) -> Any:
        inputs = np.stack([network_input(path, preprocessing) for path in paths])
        answers = {name: output.numpy() for name, output in keras(tf.constant(inputs)).items()}
        expected = heads.apply(answers)
        parts = [
            session.run(names, {INPUT_NAME: each}) for each in (inputs[:1], inputs[1:]) if len(each)
        ]
        return [expected[name] for name in names], map(np.concatenate, zip(*parts, strict=True))

    sides = zip(*in_batches(run, pictures, "parity with Keras"), strict=True)
    expected, got = (
        dict(zip(names, map(np.concatenate, zip(*side, strict=True)), strict=True))
        for side in sides
    )
    differences = {name: float(np.abs(got[name] - expected[name]).max()) for name in names}
    relative = [
        differences[name] / float(np.abs(expected[name]).max())
        for name in names
        if name != OUTPUT_NAME
    ]
    same = got[OUTPUT_NAME].argmax(axis=1) == expected[OUTPUT_NAME].argmax(axis=1)
    return Parity(
        max_abs_difference=differences[OUTPUT_NAME],
        max_rel_difference=float(np.max([0.0, *relative])),
        top1_agreement=float(same.mean()),
        images=len(pictures),
        batch_sizes=BATCH_SIZES,
        atol=ATOL,
    )


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

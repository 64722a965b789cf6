"""Does the exported graph, run by onnxruntime, answer as the Keras model does?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
import tensorflow as tf

from pocketlens.engine.network import Network
from pocketlens.engine.session import INPUT_NAME, OUTPUT_NAME
from pocketlens.errors import ExportError
from pocketlens.metadata.conversion import Parity
from pocketlens.pictures.preprocessing import Preprocessing, network_input
from pocketlens_export.graph import Heads
from pocketlens_export.inference import in_batches

IMAGES = 64
ATOL = 1e-4
RTOL = 1e-3
"""Of the other outputs, whose numbers have no fixed range, against their largest one."""

Outputs: TypeAlias = dict[str, npt.NDArray[Any]]


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
    # One graph for all batches: predict() would compile another for the last, smaller one.
    signature = [tf.TensorSpec((None, *preprocessing.input_shape), tf.uint8)]
    run_keras = tf.function(
        lambda batch: network(batch, training=False), signature, autograph=False
    )
    session = Network(model.SerializeToString(), ["CPUExecutionProvider"])
    sizes: set[int] = set()

    def answer(paths: Sequence[Path]) -> tuple[Outputs, Outputs]:
        inputs = np.stack([network_input(path, preprocessing) for path in paths])
        outputs = run_keras(tf.constant(inputs))
        expected = heads.apply({name: output.numpy() for name, output in outputs.items()})
        # One alone and then the others: any number must do.
        parts = [each for each in (inputs[:1], inputs[1:]) if len(each)]
        sizes.update(map(len, parts))
        got = [session.run(list(expected), {INPUT_NAME: each}) for each in parts]
        joined = map(np.concatenate, zip(*got, strict=True))
        return expected, dict(zip(expected, joined, strict=True))

    batches = list(in_batches(answer, pictures, "parity with Keras"))
    names = list(batches[0][0])
    expected, got = (
        {name: np.concatenate([batch[side][name] for batch in batches]) for name in names}
        for side in (0, 1)
    )
    # np.max, not max(), which would lose a NaN.
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
        batch_sizes=tuple(sorted(sizes)),
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

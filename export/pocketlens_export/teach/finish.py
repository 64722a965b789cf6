"""What was learnt -> a file that says what it is and has passed the checks of an exported one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from pocketlens.calibration.temperature import describe_calibration, fit_temperature
from pocketlens.errors import ExportError
from pocketlens.metadata import Metadata
from pocketlens.metrics import Probabilities, softmax
from pocketlens_export.figures import describe_familiarity, measure
from pocketlens_export.graph import Heads
from pocketlens_export.graph_checks import check_graph
from pocketlens_export.model_file import load, with_selftest, write
from pocketlens_export.teach.kept_features import KeptFeatures
from pocketlens_export.teach.learning import Learnt, Task
from pocketlens_export.teach.network import put_head

_CHECKED = 8
"""Pictures whose answers by the file are compared with those by the head itself."""
_ATOL = 1e-3
"""The difference of a probability that is allowed: in int8 a last bit may tip over."""


def fit_heads(learnt: Learnt, task: Task) -> Heads:
    """Temperature and familiarity, from answers out of fold; without any, no temperature."""
    truth = task.targets[task.tested]
    return Heads(
        labels=len(task.labels),
        temperature=fit_temperature(learnt.logits, truth) if len(truth) else 1.0,
        knows_outliers=False,
        gaussians=learnt.gaussians,
    )


def describe(metadata: Metadata, learnt: Learnt, task: Task, heads: Heads) -> Metadata:
    """Adds the figures, which are of pictures that the head had not seen; without any, none."""
    truth = task.targets[task.tested]
    if not len(truth):
        return metadata
    probabilities = softmax(learnt.logits / heads.temperature)
    raw = learnt.familiarity[~np.isnan(learnt.familiarity)]
    return replace(
        metadata,
        metrics=measure(probabilities, truth, {}),
        calibration=describe_calibration(probabilities, truth, heads.temperature, len(truth)),
        familiarity=describe_familiarity(raw, knows_outliers=False) if len(raw) else None,
    )


def build(body: onnx.ModelProto, learnt: Learnt, heads: Heads, kept: KeptFeatures) -> Any:
    """The graph of the file: the frozen network, the head, and what others are added to.

    Raises:
        ExportError: It is none that anybody may run.
    """
    trained = put_head(body, learnt.head)
    model = heads.add_to(trained)
    check_graph(model, set(heads.output_names([output.name for output in trained.graph.output])))
    kept.put_into(model)
    return model


def check_answers(
    model: onnx.ModelProto,
    metadata: Metadata,
    expected: Probabilities,
    paths: Sequence[Path],
) -> None:
    """Asks the file about some pictures, as any user would.

    Args:
        model: Its graph.
        metadata: What it says of itself.
        expected: The probabilities by the head itself, N x K.
        paths: Where the N pictures are; some are taken.

    Raises:
        ExportError: It answers otherwise.
    """
    chosen = np.linspace(0, len(paths) - 1, min(_CHECKED, len(paths))).astype(int)
    answers = load(model, metadata).predict([paths[row] for row in chosen])
    got = np.array([list(answer.scores.values()) for answer in answers])
    difference = float(np.abs(got - expected[chosen]).max())
    if not difference <= _ATOL:
        raise ExportError(
            f"check 'answers' failed: over {len(chosen)} pictures the file's probabilities differ "
            f"from the head's by up to {difference:.1e} (at most {_ATOL:.0e} allowed)"
        )


def put_in_place(
    model: onnx.ModelProto, metadata: Metadata, out: Path, earlier: Metadata | None = None
) -> None:
    """Adds the self-test and writes the file, whole or not at all.

    Raises:
        FileError: It cannot be written.
    """
    write(with_selftest(model, metadata, earlier.selftest if earlier else None), out)

"""Batches of picture files through a graph or through predict(), on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import onnx
from tqdm import tqdm

import pocketlens
from pocketlens.engine.cores import usable_cores
from pocketlens.engine.network import Network
from pocketlens.engine.parallel import map_in_order
from pocketlens.engine.session import INPUT_NAME
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.preprocessing import Preprocessing, decode_for, network_input

Change: TypeAlias = Callable[[Pixels], Pixels]
Result = TypeVar("Result")

_BATCH = 6
"""Few: what a layer makes of them stays in the cores' caches."""


@dataclass(frozen=True)
class Answers:
    """What predict() says of N pictures: N x K probabilities and N familiarities."""

    probabilities: npt.NDArray[np.float64]
    familiarity: npt.NDArray[np.float64]


def run_graph(
    model: onnx.ModelProto,
    pictures: Sequence[Path],
    preprocessing: Preprocessing,
    output: str,
    title: str,
) -> npt.NDArray[np.float32]:
    """One output of a graph for picture files.

    Args:
        model: The graph.
        pictures: Picture files.
        preprocessing: How they become its input.
        output: Its name.
        title: Of the progress bar.
    """
    session = Network(model.SerializeToString(), ["CPUExecutionProvider"])

    def run(paths: Sequence[Path]) -> npt.NDArray[np.float32]:
        inputs = np.stack([network_input(path, preprocessing) for path in paths])
        return np.asarray(session.run([output], {INPUT_NAME: inputs})[0])

    return np.concatenate(list(in_batches(run, pictures, title)))


def answer_files(
    asked: Mapping[str, tuple[pocketlens.Classifier, Change | None]],
    pictures: Sequence[Path],
    title: str,
) -> dict[str, Answers]:
    """What classifiers say of picture files; each file is decoded once.

    Args:
        asked: By name, a classifier and how the decoded pictures are changed for it. They have the
            same preprocessing.
        pictures: Picture files.
        title: Of the progress bar.
    """
    model, _ = next(iter(asked.values()))
    preprocessing = model.metadata.preprocessing

    def answer(paths: Sequence[Path]) -> list[list[pocketlens.Prediction]]:
        decoded = [decode_for(path, preprocessing) for path in paths]
        return [
            classifier.predict([change(each) for each in decoded] if change else decoded)
            for classifier, change in asked.values()
        ]

    batches = zip(*in_batches(answer, pictures, title), strict=True)
    return {name: _as_arrays(list(chain(*rows))) for name, rows in zip(asked, batches, strict=True)}


def in_batches(
    function: Callable[[Sequence[Path]], Result], pictures: Sequence[Path], title: str
) -> Iterator[Result]:
    """Yields the function's result for each batch, in order, computed on all cores.

    With one thread a session, no thread waits for another.
    """
    starts = range(0, len(pictures), _BATCH)
    batches = (pictures[start : start + _BATCH] for start in starts)
    results = map_in_order(function, batches, usable_cores())
    yield from tqdm(results, title, len(starts), unit="batch", disable=None)


def _as_arrays(predictions: list[pocketlens.Prediction]) -> Answers:
    return Answers(
        np.array([list(each.scores.values()) for each in predictions]),
        np.array([each.familiarity or 0.0 for each in predictions]),
    )

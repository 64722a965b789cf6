"""What each of two models or runs says of the same labelled pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import NamedTuple

from pocketlens.classifier import Classifier
from pocketlens.errors import DatasetError, PocketLensError
from pocketlens.names import normalised
from pocketlens.prediction import Prediction
from pocketlens.run_folder import Run

OnError = Callable[[str, PocketLensError], object]


class Reply(NamedTuple):
    """An answer: the most probable class, its probability, and that of the true class."""

    label: str
    score: float
    of_truth: float


class Pair(NamedTuple):
    """The two answers to one picture.

    Attributes:
        file: Its path.
        shown: The true class.
        replies: What the first and the second say.
    """

    file: Path
    shown: str
    replies: tuple[Reply, Reply]

    @property
    def right(self) -> tuple[bool, bool]:
        """Which of the two name the true class."""
        first, second = (reply.label == self.shown for reply in self.replies)
        return first, second


def ask_models(
    models: tuple[Classifier, Classifier],
    pictures: Iterable[tuple[str, str]],
    on_error: OnError,
) -> Iterator[Pair]:
    """Asks two models; a picture that cannot be read is left out.

    Args:
        models: Both know every class of the pictures.
        pictures: The true class and the path of each.
        on_error: Is told of each picture that is left out.
    """
    shown, first, second = tee(pictures, 3)
    answers = (
        model.predict_many(path for _, path in files)
        for model, files in zip(models, (first, second), strict=True)
    )
    for (label, path), *both in zip(shown, *answers, strict=True):
        replies = [_reply(answer, label) for answer in both if isinstance(answer, Prediction)]
        if len(replies) == 2:
            yield Pair(Path(path), label, (replies[0], replies[1]))
        else:
            on_error(path, next(each for each in both if isinstance(each, PocketLensError)))


def common_answers(runs: tuple[Run, Run]) -> tuple[list[Pair], int]:
    """The pictures that both runs have tested, by their names, with the answers in the runs.

    Returns:
        The pairs, and how many pictures only one of the two has tested.

    Raises:
        DatasetError: There is none in common.
        ModelError: A run holds no answers.
    """
    first, second = (dict(_answers(run)) for run in runs)
    common = [name for name in first if name in second and first[name][1] == second[name][1]]
    if not common:
        raise DatasetError(
            f"{runs[0].model.parent} and {runs[1].model.parent}: have tested no picture in common; "
            "expected two runs on one picture folder, or two .onnx files with --folder"
        )
    pairs = [
        Pair(first[name][0], first[name][1], (first[name][2], second[name][2])) for name in common
    ]
    return pairs, len(first) + len(second) - 2 * len(common)


def _answers(run: Run) -> Iterator[tuple[str, tuple[Path, str, Reply]]]:
    tested, labels = run.tested(), run.metadata.labels
    rows = zip(tested.files, tested.targets, tested.probabilities, strict=True)
    for name, truth, row in rows:
        best = int(row.argmax())
        reply = Reply(labels[best], float(row[best]), float(row[truth]))
        yield normalised(name), (tested.folder / name, labels[truth], reply)


def _reply(answer: Prediction, shown: str) -> Reply:
    return Reply(answer.label, answer.score, answer.scores[shown])

"""The pictures in a run folder: curves, confusion matrix, examples."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import ConfusionMatrixDisplay, classification_report

from pocketlens.metadata import Metadata
from pocketlens.metrics import Probabilities
from pocketlens.pictures.decoding import decode
from pocketlens_train.fonts import fonts_for
from pocketlens_train.held_out import HeldOut

matplotlib.use("Agg")

_LONGEST = 24
"""Letters of a label in a plot; of wide ones, such as Chinese, half as many."""
_BOX = "\N{WHITE SQUARE}"
"""For a letter that no font has."""
_MOST_NAMED = 60
"""Classes of a matrix with names; it is drawn larger for each."""


@dataclass(frozen=True)
class Example:
    """One test picture and what the network said of it."""

    file: Path
    truth: str
    label: str
    score: float


def save_learning_curves(history: Mapping[str, Sequence[float]], file: Path) -> None:
    """Loss and accuracy over the epochs, training and validation."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        epochs = range(1, len(history[name]) + 1)
        axes.plot(epochs, history[name], marker="o", label="training")
        axes.plot(epochs, history[f"val_{name}"], marker="o", label="validation")
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(file, dpi=120)


def save_confusion_matrix(
    matrix: Sequence[Sequence[int]], labels: Sequence[str], file: Path
) -> None:
    """Counts of true against predicted classes; those of very many go by number."""
    count, longest = len(labels), max(map(len, labels))
    side = max(4.0, 1.5 + 0.45 * count) + 0.1 * min(longest, _LONGEST)
    side = side if count <= _MOST_NAMED else 12.0
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.subplots()
    if count > _MOST_NAMED:
        figure.colorbar(axes.imshow(np.asarray(matrix), cmap="Blues", vmin=0), ax=axes)
        axes.set(xlabel="predicted (number of the label, from 0)", ylabel="true")
    else:
        ConfusionMatrixDisplay(
            np.asarray(matrix), display_labels=[label.replace("$", r"\$") for label in labels]
        ).plot(
            ax=axes,
            cmap="Blues",
            xticks_rotation="horizontal" if count <= 4 and longest <= 12 else "vertical",
            include_values=count <= 20,
            values_format="d",
            im_kw={"vmin": 0},
        )
        axes.set(xlabel="predicted", ylabel="true")
    figure.savefig(file, dpi=120)


def save_examples(
    examples: Sequence[Example], names: Mapping[str, str], title: str, file: Path, depth: str
) -> None:
    """A row of test pictures, each with its answer and, where it is wrong, the true class.

    Args:
        examples: The pictures.
        names: For each label what to write.
        title: Of the row.
        file: Where to.
        depth: As of decode().
    """
    figure = Figure(figsize=(2.4 * max(len(examples), 2), 3.3), layout="constrained")
    figure.suptitle(title if examples else f"{title}: none")
    for position, example in enumerate(examples, start=1):
        axes = figure.add_subplot(1, len(examples), position)
        axes.imshow(decode(example.file, depth=depth))
        caption = f"{names[example.label]} {example.score:.1%}"
        if example.truth != example.label:
            caption += f"\ntruly {names[example.truth]}"
        axes.set_title(caption, fontsize=10, parse_math=False)
        axes.set_axis_off()
    figure.savefig(file, dpi=120)


def write_plots(
    run_folder: Path, metadata: Metadata, test: HeldOut, probabilities: Probabilities
) -> None:
    """Learning curves, confusion matrix, report, and right and wrong test pictures.

    Args:
        run_folder: Where.
        metadata: What the model says of itself.
        test: The N test pictures.
        probabilities: N x K, the answers to them.
    """
    labels = metadata.labels
    text = classification_report(
        test.targets,
        probabilities.argmax(axis=1),
        labels=range(len(labels)),
        target_names=labels,
        digits=4,
        zero_division=0,
    )
    (run_folder / "classification_report.txt").write_text(text, encoding="utf-8")
    families, missing = fonts_for("".join(labels))
    if missing:
        print(
            f"plots: no installed font has {missing[:_LONGEST]}, drawn as {_BOX}; install a font "
            "that has these letters, such as one of the Noto fonts",
            file=sys.stderr,
        )
    names = {label: _drawable(label, missing) for label in labels}
    matrix = metadata.metrics.confusion_matrix if metadata.metrics else ()
    with matplotlib.rc_context({"font.family": families}):
        save_learning_curves(metadata.history, run_folder / "learning_curves.png")
        save_confusion_matrix(
            matrix, [names[label] for label in labels], run_folder / "confusion_matrix.png"
        )
        for name, chosen, title in _chosen_examples(metadata, test, probabilities):
            file = run_folder / f"{name}.png"
            save_examples(chosen, names, title, file, metadata.preprocessing.depth)


def _chosen_examples(
    metadata: Metadata, test: HeldOut, probabilities: Probabilities
) -> Iterator[tuple[str, list[Example], str]]:
    """Yields the name, pictures and title of each row of test pictures."""
    labels = metadata.labels
    examples = [
        Example(
            test.folder / file,
            labels[target],
            labels[answer.argmax()],
            float(answer.max()),
        )
        for file, target, answer in zip(test.files, test.targets, probabilities, strict=True)
    ]
    seed = metadata.training.seed if metadata.training else 0
    order = np.random.default_rng(seed).permutation(len(examples))
    right = [examples[row] for row in order if examples[row].truth == examples[row].label]
    wrong = [examples[row] for row in order if examples[row].truth != examples[row].label]
    surest = sorted(wrong, key=lambda example: -example.score)
    yield "correct", right[:5], "correct on the test split"
    yield "incorrect", wrong[:5], "incorrect on the test split"
    yield "surest_mistakes", surest[:10], "the most confident mistakes: is the label right?"


def _drawable(label: str, missing: str) -> str:
    text = "".join(_BOX if letter in missing else letter for letter in label)
    wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    most = _LONGEST // 2 if wide else _LONGEST
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"

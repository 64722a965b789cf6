"""The pictures in a run folder: curves, confusion matrix, examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import ConfusionMatrixDisplay, classification_report, confusion_matrix

from pocketlens.decoding import decode
from pocketlens.metadata import Metadata
from pocketlens.metrics import Probabilities
from pocketlens_train.material import Material

matplotlib.use("Agg")


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
    """Counts of true against predicted classes."""
    side = min(max(4.0, 1.5 + 0.45 * len(labels)), 24.0)
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axes = figure.subplots()
    names = [label.replace("$", r"\$") for label in labels]
    ConfusionMatrixDisplay(np.asarray(matrix), display_labels=names).plot(
        ax=axes,
        cmap="Blues",
        xticks_rotation="horizontal" if len(labels) <= 4 else "vertical",
        include_values=len(labels) <= 20,
        values_format="d",
        im_kw={"vmin": 0},
    )
    axes.set(xlabel="predicted", ylabel="true")
    figure.savefig(file, dpi=120)


def save_examples(examples: Sequence[Example], title: str, file: Path, depth: str) -> None:
    """A row of test pictures, each with its answer and, where it is wrong, the true class."""
    figure = Figure(figsize=(2.4 * max(len(examples), 2), 3.3), layout="constrained")
    figure.suptitle(title if examples else f"{title}: none")
    for position, example in enumerate(examples, start=1):
        axes = figure.add_subplot(1, len(examples), position)
        axes.imshow(decode(example.file, depth=depth))
        caption = f"{example.label} {example.score:.1%}"
        if example.truth != example.label:
            caption += f"\ntruly {example.truth}"
        axes.set_title(caption, fontsize=10, parse_math=False)
        axes.set_axis_off()
    figure.savefig(file, dpi=120)


def write_plots(
    run_folder: Path, metadata: Metadata, material: Material, probabilities: Probabilities
) -> None:
    """Learning curves, confusion matrix, report, and right and wrong test pictures.

    Args:
        run_folder: Where.
        metadata: What the model says of itself.
        material: The pictures.
        probabilities: N x K, of the test pictures that repeat no other.
    """
    labels = metadata.labels
    rows = np.flatnonzero(~material.near_duplicates)
    truth = material.test.targets[rows]
    predicted = probabilities.argmax(axis=1)
    examples = [
        Example(
            material.test.folder / material.test.files[row],
            labels[truth[position]],
            labels[predicted[position]],
            float(probabilities[position].max()),
        )
        for position, row in enumerate(rows)
    ]
    seed = metadata.training.seed if metadata.training else 0
    order = np.random.default_rng(seed).permutation(len(examples))
    right = [examples[row] for row in order if examples[row].truth == examples[row].label]
    wrong = [examples[row] for row in order if examples[row].truth != examples[row].label]
    surest = sorted(wrong, key=lambda example: -example.score)
    save_learning_curves(metadata.history, run_folder / "learning_curves.png")
    save_confusion_matrix(
        confusion_matrix(truth, predicted, labels=range(len(labels))),
        labels,
        run_folder / "confusion_matrix.png",
    )
    for name, chosen, title in (
        ("correct", right[:5], "correct on the test split"),
        ("incorrect", wrong[:5], "incorrect on the test split"),
        ("surest_mistakes", surest[:10], "the most confident mistakes: is the label right?"),
    ):
        save_examples(chosen, title, run_folder / f"{name}.png", metadata.preprocessing.depth)
    text = classification_report(
        truth,
        predicted,
        labels=range(len(labels)),
        target_names=labels,
        digits=4,
        zero_division=0,
    )
    (run_folder / "classification_report.txt").write_text(text, encoding="utf-8")

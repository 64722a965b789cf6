"""What a run folder holds, and how it is written: model and record whole or not at all."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from pocketlens.errors import FileError
from pocketlens.metadata import Metadata
from pocketlens_train import plots
from pocketlens_train.dataset import Split
from pocketlens_train.evaluation import Probabilities, report
from pocketlens_train.loading import Pictures

MODEL = "model.keras"
RECORD = "record.json"
CACHE = "pictures.npy"
_UNFINISHED = {CACHE, "partial.keras", f"{RECORD}.partial"}


def prepare(run_folder: Path, folder: Path) -> None:
    """Makes the run folder for a training on the pictures in `folder`.

    Raises:
        FileError: It is not empty, lies among the pictures, or cannot be made.
    """
    if run_folder.resolve().is_relative_to(folder.resolve()):
        raise FileError(f"{run_folder}: lies in the picture folder {folder}; choose another --out")
    if (run_folder / RECORD).exists():
        raise FileError(
            f"{run_folder}: holds a finished run; choose another --out or remove it first"
        )
    if run_folder.is_dir() and {file.name for file in run_folder.iterdir()} - _UNFINISHED:
        raise FileError(f"{run_folder}: holds other files; choose another --out")
    try:
        run_folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise FileError(f"{run_folder}: is a file, expected a folder or nothing") from error
    except OSError as error:
        raise FileError(f"{run_folder}: cannot be made ({error.strerror})") from error


def discard(cache: Path, run_folder: Path | None = None) -> None:
    """Removes the cache, and the run folder when nothing has come into it."""
    # Windows keeps a file that is still mapped, and rmdir a folder that is not empty.
    with suppress(OSError):
        cache.unlink(missing_ok=True)
        if run_folder:
            run_folder.rmdir()


def write_model(
    run_folder: Path,
    metadata: Metadata,
    model: Any,
    folder: Path,
    pictures: Pictures,
    parts: Split,
) -> None:
    """model.keras, then record.json: a run folder without a record is an unfinished run."""
    partial = run_folder / "partial.keras"
    model.save(partial)
    partial.replace(run_folder / MODEL)
    record = {
        "metadata": json.loads(metadata.to_json()),
        "folder": str(folder.resolve()),
        "split": {
            name: [pictures.files[index] for index in indices]
            for name, indices in vars(parts).items()
        },
        "left_out": [{"file": file, "reason": reason} for file, reason in pictures.left_out],
    }
    unfinished = run_folder / f"{RECORD}.partial"
    unfinished.write_text(json.dumps(record, indent=1), encoding="utf-8")
    unfinished.replace(run_folder / RECORD)


def write_plots(
    run_folder: Path,
    metadata: Metadata,
    folder: Path,
    pictures: Pictures,
    parts: Split,
    probabilities: Probabilities,
) -> None:
    """Learning curves, confusion matrix, report, and five right and five wrong test pictures."""
    labels = metadata.labels
    truth = np.asarray(pictures.targets)[parts.test]
    predicted = probabilities.argmax(axis=1)
    examples = [
        plots.Example(
            folder / pictures.files[index],
            labels[truth[row]],
            labels[predicted[row]],
            float(probabilities[row].max()),
        )
        for row, index in enumerate(parts.test)
    ]
    order = np.random.default_rng(metadata.training["seed"]).permutation(len(examples))
    right = [examples[row] for row in order if examples[row].truth == examples[row].label]
    wrong = [examples[row] for row in order if examples[row].truth != examples[row].label]
    plots.save_learning_curves(metadata.history, run_folder / "learning_curves.png")
    plots.save_confusion_matrix(
        metadata.metrics["confusion_matrix"], labels, run_folder / "confusion_matrix.png"
    )
    plots.save_examples(right[:5], "correct on the test split", run_folder / "correct.png")
    plots.save_examples(wrong[:5], "incorrect on the test split", run_folder / "incorrect.png")
    text = report(truth, probabilities, labels)
    (run_folder / "classification_report.txt").write_text(text, encoding="utf-8")

"""The run folder while it is being filled: what may lie there, what is removed in the end."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pocketlens.checking.findings import Findings
from pocketlens.errors import FileError
from pocketlens.metadata import Metadata
from pocketlens.run_folder import (
    ANSWERS,
    HELD_OUT,
    MODEL,
    OUT_OF_FOLD,
    RECORD,
    Run,
    write_record,
)
from pocketlens_train.loading import CACHES
from pocketlens_train.npz import write_npz
from pocketlens_train.outcome import Outcome
from pocketlens_train.plan import Plan
from pocketlens_train.splits import Splits
from pocketlens_train.stages import NAMES

CHECKPOINT = "checkpoint.npz"
_ANSWERS = re.compile(r"\.teacher-[0-9a-f]{12}")
_FINISHED = {MODEL, HELD_OUT, OUT_OF_FOLD, ANSWERS, RECORD}
_USELESS = {*CACHES, "partial.keras", "partial.npz", f"{RECORD}.partial"}
_CROPS = re.compile(r"crops-\d+\.npy")


def answers_folder(fixed: dict[str, Any]) -> str:
    """The name of the folder for a teacher's answers in a training of which this is fixed."""
    pictures = ("pictures", "train", "outliers", "unlabelled")
    asked = [fixed[key] for key in (*pictures, "teacher", "augmentation", "input_size", "seed")]
    return f".teacher-{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12]}"


def prepare(run_folder: Path, pictures: Sequence[Path], *, resume: bool) -> None:
    """Makes the run folder for a training on the pictures in some folders.

    Raises:
        FileError: It is not empty, lies among the pictures, or cannot be made.
    """
    for folder in pictures:
        if run_folder.resolve().is_relative_to(folder.resolve()):
            raise FileError(
                f"{run_folder}: lies in the picture folder {folder}; choose another --out"
            )
    if is_finished(run_folder):
        raise FileError(
            f"{run_folder}: holds a finished run; choose another --out or remove it first"
        )
    if run_folder.is_dir():
        others = {file.name for file in run_folder.iterdir()} - _USELESS - {CHECKPOINT}
        if (run_folder / CHECKPOINT).exists():
            others -= _FINISHED
        if not all(map(_is_cache, others)):
            raise FileError(f"{run_folder}: holds other files; choose another --out")
        if (run_folder / CHECKPOINT).exists() and not resume:
            raise FileError(
                f"{run_folder}: holds a training that was cut short; --resume goes on with it, "
                "else choose another --out or remove it first"
            )
    try:
        run_folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise FileError(f"{run_folder}: is a file, expected a folder or nothing") from error
    except OSError as error:
        raise FileError(f"{run_folder}: cannot be made ({error.strerror})") from error


def discard(run_folder: Path) -> None:
    """Removes what --resume does not need, and the run folder when nothing has come into it."""
    # Windows keeps a file that is still mapped, and rmdir a folder that is not empty.
    with suppress(OSError):
        for path in run_folder.iterdir():
            if path.name in _USELESS or _CROPS.fullmatch(path.name):
                path.unlink()
        run_folder.rmdir()


def is_finished(run_folder: Path) -> bool:
    """Whether it holds a run that nothing more comes to."""
    return (run_folder / RECORD).exists() and not (run_folder / CHECKPOINT).exists()


def begin(run_folder: Path, fixed: dict[str, Any]) -> None:
    """Marks a training that has begun, with what must be the same when it goes on."""
    write_npz(run_folder / CHECKPOINT, {"state": json.dumps({"settings": fixed})})


def publish(
    run_folder: Path,
    metadata: Metadata,
    outcome: Outcome,
    splits: Splits,
    plan: Plan,
    findings: Findings,
) -> None:
    """Writes the networks, then record.json; what was there stays until all is written.

    Args:
        run_folder: Where.
        metadata: Of the record.
        outcome: What the training came to.
        splits: The pictures.
        plan: That builds the networks to save.
        findings: Of the short check.
    """
    held_out = run_folder / HELD_OUT
    if outcome.held_out is not None:
        _save(plan.build_final(outcome.held_out), held_out)
    _save(plan.build_final(outcome.weights), run_folder / MODEL)
    if outcome.out_of_fold:
        write_npz(run_folder / OUT_OF_FOLD, outcome.out_of_fold.arrays())
    else:
        write_npz(run_folder / ANSWERS, {"probabilities": outcome.probabilities})
    split = {
        "train": list(outcome.learnt),
        "validation": list(splits.validation.files),
        "test": list(outcome.unseen),
    }
    outliers = frozenset(splits.outliers.digests if splits.outliers else ())
    run = Run(
        run_folder / MODEL,
        metadata,
        splits.pictures.folder,
        outcome.unseen_folder,
        split,
        outliers,
        validation_folder=splits.validation.folder,
        findings=findings,
    )
    write_record(run, splits.left_out)


def finish(run_folder: Path) -> None:
    """Removes what a training needs to go on; what publish() wrote is then a finished run."""
    with suppress(OSError):
        for path in run_folder.iterdir():
            if path.name in {*_USELESS, CHECKPOINT} or _is_cache(path.name):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _save(model: Any, file: Path) -> None:
    partial = file.with_name("partial.keras")
    model.save(partial)
    partial.replace(file)


def _is_cache(name: str) -> bool:
    return any(pattern.fullmatch(name) for pattern in (_ANSWERS, _CROPS, NAMES))

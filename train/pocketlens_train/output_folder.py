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

from pocketlens.errors import FileError
from pocketlens.metadata import Metadata
from pocketlens.run_folder import MODEL, RECORD, Run, write_record
from pocketlens_train.splits import CACHES, Splits

CHECKPOINT = "checkpoint.npz"
_ANSWERS = re.compile(r"\.teacher-[0-9a-f]{12}")
_UNFINISHED = {*CACHES, "partial.keras", "partial.npz", f"{RECORD}.partial", CHECKPOINT}


def answers_folder(fixed: dict[str, Any]) -> str:
    """The name of the folder for a teacher's answers in a training of which this is fixed."""
    keys = ("pictures", "outliers", "teacher", "augmentation", "input_size", "seed")
    asked = [fixed[key] for key in keys]
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
    if (run_folder / RECORD).exists():
        raise FileError(
            f"{run_folder}: holds a finished run; choose another --out or remove it first"
        )
    if run_folder.is_dir():
        others = {file.name for file in run_folder.iterdir()} - _UNFINISHED
        if not all(map(_ANSWERS.fullmatch, others)):
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
    """Removes the caches, and the run folder when nothing has come into it."""
    # Windows keeps a file that is still mapped, and rmdir a folder that is not empty.
    with suppress(OSError):
        for cache in CACHES:
            (run_folder / cache).unlink(missing_ok=True)
        run_folder.rmdir()


def finish(run_folder: Path, metadata: Metadata, model: Any, splits: Splits) -> None:
    """model.keras, then record.json: a run folder without a record is an unfinished run."""
    partial = run_folder / "partial.keras"
    model.save(partial)
    partial.replace(run_folder / MODEL)
    split = {
        "train": [splits.pictures.files[row] for row in splits.train],
        "validation": list(splits.validation.files),
        "test": list(splits.test.files),
    }
    outliers = frozenset(splits.outliers.digests if splits.outliers else ())
    folders = splits.validation.folder, splits.test.folder
    write_record(Run(run_folder / MODEL, metadata, *folders, split, outliers), splits.left_out)
    with suppress(OSError):
        for name in (*CACHES, CHECKPOINT):
            (run_folder / name).unlink(missing_ok=True)
        for path in run_folder.iterdir():
            if _ANSWERS.fullmatch(path.name):
                shutil.rmtree(path)

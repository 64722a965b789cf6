"""The run folder that passes from train to export: model.keras and record.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from pocketlens.checking.findings import Findings
from pocketlens.errors import DatasetError, FileMissingError, ModelError
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.metadata import Metadata
from pocketlens.metrics import Classes, Probabilities, softmax
from pocketlens.names import normalised

MODEL = "model.keras"
RECORD = "record.json"
HELD_OUT = "held-out.keras"
OUT_OF_FOLD = "out-of-fold.npz"
ANSWERS = "answers.npz"
REPORT = "report.html"


@dataclass(frozen=True)
class OutOfFold:
    """Answers to the N training pictures, each by a network that has not learnt from it.

    Attributes:
        logits: N x outputs.
        familiarity: N numbers as a finished file measures them; None where the logits say it.
    """

    logits: npt.NDArray[np.float32]
    familiarity: npt.NDArray[np.float32] | None

    def arrays(self) -> dict[str, Any]:
        """What its file holds."""
        return {name: value for name, value in vars(self).items() if value is not None}


def _read_out_of_fold(file: Path) -> OutOfFold | None:
    if not file.exists():
        return None
    with np.load(file) as archive:
        familiarity = archive["familiarity"] if "familiarity" in archive.files else None
        return OutOfFold(archive["logits"], familiarity)


def _read_answers(file: Path) -> Probabilities | None:
    if not file.exists():
        return None
    with np.load(file) as archive:
        return np.asarray(archive["probabilities"])


@dataclass(frozen=True)
class Run:
    """A finished training run.

    Attributes:
        model: The path of model.keras.
        metadata: The part of the record that travels into the .onnx file.
        folder: Where the pictures are.
        test_folder: Where those of the test split are; often the same.
        split: File names relative to these folders, for "train", "validation" and "test"; the
            first folder of each is its label, in the letters of the disk.
        outliers: The SHA-256 of each picture of no class that was learnt from.
        held_out: A network fitted in the same way without the pictures of "test", where the one in
            `model` has learnt from them; else None.
        out_of_fold: Answers to fit probabilities on; None: ask the network about "validation".
        validation_folder: Where the pictures of the validation split are; None: in `folder`.
        probabilities: The answers to the pictures of "test"; None where `out_of_fold` has them, or
            an older version wrote the run.
        findings: Of the check before the training; None in a record that is older than it.
    """

    model: Path
    metadata: Metadata
    folder: Path
    test_folder: Path
    split: dict[str, list[str]]
    outliers: frozenset[str] = frozenset()
    held_out: Path | None = None
    out_of_fold: OutOfFold | None = None
    validation_folder: Path | None = None
    probabilities: Probabilities | None = None
    findings: Findings | None = None

    def tested(self) -> LabelledAnswers:
        """The tested pictures, and the answers to them by a network that had not seen them.

        Raises:
            ModelError: The run holds no answers.
        """
        if self.out_of_fold:
            files = self.split["train"]
            logits = self.out_of_fold.logits[:, : len(self.metadata.labels)]
            return LabelledAnswers(self.folder, files, self.classes(files), softmax(logits))
        if self.probabilities is None:
            raise ModelError(
                f"{self.model.parent}: an older version wrote it, without answers; train again, or "
                "export it and compare the .onnx files"
            )
        files = self.split["test"]
        return LabelledAnswers(self.test_folder, files, self.classes(files), self.probabilities)

    def classes(self, names: Sequence[str]) -> Classes:
        """For each of some files the index of its class."""
        places = {normalised(label): i for i, label in enumerate(self.metadata.labels)}
        return np.array([places[normalised(name.split("/")[0])] for name in names])

    def pictures(
        self, part: str, count: int | None = None, *, without: str | None = None
    ) -> tuple[list[Path], Classes]:
        """Pictures of a part of the split, evenly over the list and so over the classes.

        Args:
            part: "train", "validation" or "test".
            count: At most how many; None for all.
            without: A part whose pictures are left out.

        Returns:
            The paths, and for each the index of its class.

        Raises:
            DatasetError: The pictures are no longer where the run found them.
        """
        left_out = frozenset(self.split[without] if without else ())
        names = [name for name in self.split[part] if name not in left_out]
        folders = {"validation": self.validation_folder, "test": self.test_folder}
        folder = folders.get(part) or self.folder
        count = min(count or len(names), len(names))
        names = [names[i * len(names) // count] for i in range(count)]
        paths = [folder / name for name in names]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise DatasetError(
                f"{len(missing)} of {len(paths)} {part} pictures of the run are gone, the first is "
                f"{missing[0]}; put them back, or train again where they are"
            )
        return paths, self.classes(names)


def write_record(run: Run, left_out: Sequence[tuple[str, str]]) -> None:
    """Writes record.json beside model.keras, which must be there, whole or not at all.

    Args:
        run: The run to write.
        left_out: (file, reason) for the files that were not used.
    """
    content = {
        "metadata": json.loads(run.metadata.to_json()),
        "folder": str(run.folder.resolve()),
        "validation_folder": str((run.validation_folder or run.folder).resolve()),
        "test_folder": str(run.test_folder.resolve()),
        "split": run.split,
        "left_out": [{"file": file, "reason": reason} for file, reason in left_out],
        "outliers": sorted(run.outliers),
        "check": run.findings.to_dict() if run.findings else None,
    }
    record = run.model.with_name(RECORD)
    partial = record.with_name(f"{RECORD}.partial")
    partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
    partial.replace(record)


def read_run(folder: Path) -> Run:
    """Reads a run folder written by `pocketlens train`.

    Raises:
        FileMissingError: No such folder, or it holds no finished run.
        ModelError: Its record cannot be read.
    """
    record, model = folder / RECORD, folder / MODEL
    for path in (folder, record, model):
        if not path.exists():
            raise FileMissingError(
                f"{path}: does not exist, expected a folder that `pocketlens train` has finished "
                "(--resume goes on with one that was cut short)"
            )
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        metadata = Metadata.from_json(json.dumps(content["metadata"]))
        split = {part: list(content["split"][part]) for part in ("train", "validation", "test")}
        folders = Path(content["folder"]), Path(content["test_folder"])
        held_out = folder / HELD_OUT
        return Run(
            model,
            metadata,
            *folders,
            split,
            frozenset(content.get("outliers", ())),
            held_out if held_out.exists() else None,
            _read_out_of_fold(folder / OUT_OF_FOLD),
            Path(content.get("validation_folder", content["folder"])),
            _read_answers(folder / ANSWERS),
            Findings.from_dict(content["check"]) if content.get("check") else None,
        )
    except (ValueError, KeyError, TypeError, BadZipFile) as error:
        raise ModelError(
            f"{record}: cannot be read ({error}); expected what `pocketlens train` writes; "
            "train again"
        ) from error

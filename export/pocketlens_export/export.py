"""Convert, calibrate, quantize, check, measure, and only then put the .onnx file in place."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.calibration.temperature import describe_calibration
from pocketlens.classifier import Classifier
from pocketlens.engine.session import FAMILIARITY
from pocketlens.errors import ExportError, SettingError
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.metadata import Metadata
from pocketlens.metadata.familiarity import Familiarity
from pocketlens.metrics import rejection, softmax
from pocketlens.run_folder import REPORT, OutOfFold, Run, read_run
from pocketlens_export.building import Built, build
from pocketlens_export.conversion import versions
from pocketlens_export.evaluation import CHANGES, accuracy, compare
from pocketlens_export.figures import describe_familiarity, measure
from pocketlens_export.graph import LOGITS
from pocketlens_export.inference import Change, answer_files, run_graph
from pocketlens_export.int8_gate import Int8Error, check_int8
from pocketlens_export.model_file import about_text, check_out, load, with_selftest, write
from pocketlens_export.parity import IMAGES, check_parity, measure_parity
from pocketlens_export.reporting import report_on
from pocketlens_export.unseen_outliers import unseen_outliers


@dataclass(frozen=True)
class Settings:
    """What the command line can change; see `pocketlens export --help`."""

    int8: bool
    outliers: Path | None
    about: Path | None

    def command(self, run_folder: Path, out: Path) -> str:
        """The command line that makes the file again, with paths by their last name."""
        words = ["pocketlens", "export", run_folder.resolve().name]
        words += ["--int8"] if self.int8 else []
        for name, path in (("outliers", self.outliers), ("about", self.about), ("out", out)):
            words += [f"--{name}", path.resolve().name] if path else []
        return shlex.join(words)


def export(run_folder: Path, out: Path, settings: Settings) -> Metadata:
    """Exports a training run; `out` appears, or is replaced, only when every check has passed.

    Returns:
        The file's metadata.

    Raises:
        FileMissingError: There is no finished run.
        ModelError: The run's record or model cannot be read.
        DatasetError: The pictures to measure on are gone or too few.
        ExportError: A check failed. Where it was that of int8, the file in float is beside `out`.
        FileError: `out` cannot be written.
    """
    check_out(out)
    about = about_text(settings.about) if settings.about else ""
    run = read_run(run_folder)
    final = build(run.model, run, settings.int8)
    unseen = _unseen(settings, run, final.network.output)
    parity = measure_parity(
        final.network,
        final.heads,
        final.plain,
        run.pictures("test", IMAGES)[0],
        run.metadata.preprocessing,
    )
    check_parity(parity)
    training = run.metadata.training
    metadata = replace(
        run.metadata,
        about=about,
        training=training and replace(training, export=settings.command(run_folder, out)),
        versions={**run.metadata.versions, **versions()},
        parity=parity,
        familiarity=_familiarity(final, run),
    )
    measured = final
    if run.held_out:
        measured = build(run.held_out, run, settings.int8, without="test")
    try:
        metadata, tested = _measure(measured, metadata, run, unseen)
    except Int8Error as refusal:
        in_float = out.with_stem(f"{out.stem}-float")
        export(run_folder, in_float, replace(settings, int8=False))
        raise ExportError(f"{refusal}: {in_float} is the file in float") from refusal
    write(with_selftest(final.model, metadata), out)
    report_on(out, tested, run_folder / REPORT, run.findings)
    return metadata


def _unseen(settings: Settings, run: Run, outputs: Mapping[str, Any]) -> list[Path]:
    """The pictures of --outliers; none without it."""
    if settings.outliers is None:
        return []
    knows_outliers = outputs[LOGITS].shape[1] > len(run.metadata.labels)
    if set(outputs) == {LOGITS} and not knows_outliers:
        raise SettingError(
            f"--outliers: a network of architecture {run.metadata.architecture!r} cannot "
            "reject pictures; train with --arch lite0 or edge"
        )
    return unseen_outliers(settings.outliers, run.outliers, run.metadata.preprocessing)


def _familiarity(final: Built, run: Run) -> Familiarity | None:
    if FAMILIARITY not in final.heads.output_names(final.network.output):
        return None
    if run.out_of_fold is None:
        pictures, _ = run.pictures("validation")
        preprocessing = run.metadata.preprocessing
        raw = run_graph(final.model, pictures, preprocessing, FAMILIARITY, "familiarity")
    else:
        raw = _familiarity_out_of_fold(final, run.out_of_fold)
    return describe_familiarity(raw, knows_outliers=final.heads.knows_outliers)


def _familiarity_out_of_fold(built: Built, known: OutOfFold) -> npt.NDArray[np.float32]:
    if known.familiarity is None:
        return np.asarray(built.heads.apply({LOGITS: known.logits})[FAMILIARITY])
    return known.familiarity


def _measure(
    built: Built, metadata: Metadata, run: Run, unseen: Sequence[Path]
) -> tuple[Metadata, LabelledAnswers]:
    """Adds figures of pictures that the network has not learnt from, and gives its answers."""
    pictures, truth = run.pictures("test")
    file = load(built.model, metadata)
    asked: dict[str, tuple[Classifier, Change | None]] = {"as they are": (file, None)}
    asked |= {name: (file, change) for name, change in CHANGES.items()}
    if built.model is not built.plain:
        asked["float"] = load(built.plain, metadata), None
    found = answer_files(asked, pictures, "test pictures")
    answers, of_float = found.pop("as they are"), found.pop("float", None)
    int8 = None
    if of_float:
        files = built.plain.SerializeToString(), built.model.SerializeToString()
        int8 = compare(of_float, answers, truth, files)
        for label, value in int8.rows():
            print(f"{label:<20} {value}", flush=True)
        check_int8(int8)
    known = metadata.familiarity
    if unseen and known:
        strange = answer_files({"": (file, None)}, unseen, "pictures of no class")[""]
        known = replace(
            known, rejection=rejection(answers.familiarity, strange.familiarity, known.threshold)
        )
    robustness = {name: accuracy(each, truth) for name, each in found.items()}
    count = len(run.out_of_fold.logits if run.out_of_fold else run.split["validation"])
    familiar = None if known is None else answers.familiarity
    tested = LabelledAnswers(
        run.test_folder, run.split["test"], truth, answers.probabilities, familiar
    )
    if run.out_of_fold and run.held_out:
        names = run.split["train"]
        logits = run.out_of_fold.logits[:, : built.heads.labels]
        probabilities = softmax(logits / built.heads.temperature)
        if known:
            familiar = known.of(_familiarity_out_of_fold(built, run.out_of_fold))
        tested = LabelledAnswers(run.folder, names, run.classes(names), probabilities, familiar)
    known_answers = tested.probabilities, tested.targets
    measured = replace(
        metadata,
        metrics=measure(*known_answers, robustness),
        calibration=describe_calibration(*known_answers, built.heads.temperature, count),
        familiarity=known,
        int8=int8,
    )
    return measured, tested

"""Convert, calibrate, quantize, check, measure, and only then put the .onnx file in place."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx

from pocketlens.classifier import Classifier
from pocketlens.engine.session import FAMILIARITY
from pocketlens.errors import ExportError, FileError, SettingError
from pocketlens.metadata import Metadata
from pocketlens.metadata.familiarity import ACCEPTED, LEVELS, Familiarity, quantiles
from pocketlens.run_folder import Run, read_run
from pocketlens_export.conversion import FEATURES, LOGITS, convert, load_keras, take_apart
from pocketlens_export.evaluation import CHANGES, compare, measure, measure_rejection
from pocketlens_export.gaussians import fit_gaussians
from pocketlens_export.graph import Heads
from pocketlens_export.graph_checks import check_graph
from pocketlens_export.inference import Change, answer_files, run_graph
from pocketlens_export.int8_gate import Int8Error, check_int8
from pocketlens_export.model_file import about_text, load, versions, with_selftest, write
from pocketlens_export.parity import IMAGES, check_parity, measure_parity
from pocketlens_export.quantization import PICTURES, quantize
from pocketlens_export.temperature import describe_calibration, fit_temperature
from pocketlens_export.unseen_outliers import unseen_outliers

_MOST_FEATURES = 2000
"""Training pictures from which the classes' Gaussians are estimated."""


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
    if out.is_dir() or not out.parent.is_dir():
        raise FileError(f"{out}: expected the name of a file in a folder that exists")
    if out.suffix.lower() != ".onnx":
        # Whatever was there would be replaced, such as a picture.
        raise FileError(f"{out}: expected a name that ends in .onnx")
    about = about_text(settings.about) if settings.about else ""
    run = read_run(run_folder)
    preprocessing, labels = run.metadata.preprocessing, len(run.metadata.labels)
    network = take_apart(load_keras(run.model), labels)
    unseen = _unseen(settings, run, network.output)

    trained = convert(network)
    heads = _fit_heads(trained, run)
    plain = heads.add_to(trained)
    outputs = set(heads.output_names(network.output))
    check_graph(plain, outputs)
    parity = measure_parity(network, heads, plain, run.pictures("test", IMAGES)[0], preprocessing)
    check_parity(parity)
    model = plain
    if settings.int8:
        model = quantize(plain, run.pictures("train", PICTURES)[0], preprocessing)
        check_graph(model, outputs)
    training = run.metadata.training
    metadata = replace(
        run.metadata,
        about=about,
        training=training and replace(training, export=settings.command(run_folder, out)),
        versions={**run.metadata.versions, **versions()},
        parity=parity,
        familiarity=_familiarity(model, heads, run) if FAMILIARITY in outputs else None,
    )
    try:
        metadata = _measure(model, plain, metadata, heads, run, unseen)
    except Int8Error as refusal:
        in_float = out.with_stem(f"{out.stem}-float")
        export(run_folder, in_float, replace(settings, int8=False))
        raise ExportError(f"{refusal}: {in_float} is the file in float") from refusal
    write(with_selftest(model, metadata), out)
    return metadata


def _unseen(settings: Settings, run: Run, outputs: Mapping[str, Any]) -> list[Path]:
    """The pictures of --outliers; none without it."""
    if settings.outliers is None:
        return []
    knows_outliers = outputs[LOGITS].shape[1] > len(run.metadata.labels)
    if set(outputs) == {LOGITS} and not knows_outliers:
        raise SettingError(
            f"--outliers: a network of architecture {run.metadata.architecture!r} cannot "
            "reject pictures; train with --arch edge"
        )
    return unseen_outliers(settings.outliers, run.outliers, run.metadata.preprocessing)


def _fit_heads(trained: onnx.ModelProto, run: Run) -> Heads:
    """Temperature and familiarity, from the trained network's own outputs."""
    preprocessing, labels = run.metadata.preprocessing, len(run.metadata.labels)
    pictures, truth = run.pictures("validation")
    logits = run_graph(trained, pictures, preprocessing, LOGITS, "validation pictures")
    gaussians = None
    if FEATURES in {node.name for node in trained.graph.output}:
        pictures, classes = run.pictures("train", _MOST_FEATURES)
        features = run_graph(trained, pictures, preprocessing, FEATURES, "training pictures")
        gaussians = fit_gaussians(features, classes)
    return Heads(
        labels=labels,
        temperature=fit_temperature(logits[:, :labels], truth),
        knows_outliers=logits.shape[1] > labels,
        gaussians=gaussians,
    )


def _familiarity(model: onnx.ModelProto, heads: Heads, run: Run) -> Familiarity:
    pictures, _ = run.pictures("validation")
    raw = run_graph(model, pictures, run.metadata.preprocessing, FAMILIARITY, "familiarity")
    outliers, distance = "log-odds against outliers", "distance to the classes' Gaussians"
    return Familiarity(
        method=outliers if heads.knows_outliers else distance,
        levels=LEVELS,
        quantiles=quantiles(raw),
        threshold=round(1 - ACCEPTED, 6),
        validation_images=len(raw),
    )


def _measure(
    model: onnx.ModelProto,
    plain: onnx.ModelProto,
    metadata: Metadata,
    heads: Heads,
    run: Run,
    unseen: Sequence[Path],
) -> Metadata:
    """Adds the figures of the file itself."""
    pictures, truth = run.pictures("test")
    final = load(model, metadata)
    asked: dict[str, tuple[Classifier, Change | None]] = {"as they are": (final, None)}
    asked |= {name: (final, change) for name, change in CHANGES.items()}
    if model is not plain:
        asked["float"] = load(plain, metadata), None
    found = answer_files(asked, pictures, "test pictures")
    answers, of_float = found.pop("as they are"), found.pop("float", None)
    int8 = None
    if of_float:
        files = plain.SerializeToString(), model.SerializeToString()
        int8 = compare(of_float, answers, truth, files)
        for label, value in int8.rows():
            print(f"{label:<20} {value}", flush=True)
        check_int8(int8)
    known = metadata.familiarity
    if unseen and known:
        strange = answer_files({"": (final, None)}, unseen, "pictures of no class")[""]
        rejection = measure_rejection(answers, strange, known.threshold)
        known = replace(known, rejection=rejection)
    return replace(
        metadata,
        metrics=measure(answers, found, truth),
        calibration=describe_calibration(
            answers.probabilities, truth, heads.temperature, len(run.split["validation"])
        ),
        familiarity=known,
        int8=int8,
    )

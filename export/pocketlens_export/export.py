"""Convert, calibrate, quantize, check, measure, and only then put the .onnx file in place."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx

import pocketlens
from pocketlens.card import int8_table
from pocketlens.cores import usable_cores
from pocketlens.errors import ExportError, FileError, PocketLensError, SettingError
from pocketlens.familiarity import ACCEPTED, LEVELS, quantiles
from pocketlens.metadata import KEY, Metadata
from pocketlens.reading import read_bytes
from pocketlens.run_folder import Run, read_run
from pocketlens.session import FAMILIARITY
from pocketlens_export.assessment import (
    calibration,
    compare,
    evaluate_file,
    latency_ratio,
    predict_files,
    raw_familiarity,
    rejection,
)
from pocketlens_export.checks import check_graph, check_int8
from pocketlens_export.conversion import OPSET, convert, load_keras
from pocketlens_export.heads import Trained, add_heads, fit_temperature, take_apart
from pocketlens_export.mahalanobis import Gaussians, fit_gaussians
from pocketlens_export.outliers import unknown_pictures
from pocketlens_export.parity import IMAGES, check_parity, measure_parity
from pocketlens_export.quantization import PICTURES, check_calibration_pictures, quantize
from pocketlens_export.selftest import selftest_record

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
        ExportError: A check failed.
        FileError: `out` cannot be written.
    """
    if out.is_dir() or not out.parent.is_dir():
        raise FileError(f"{out}: expected the name of a file in a folder that exists")
    if out.suffix.lower() != ".onnx":
        # Whatever was there would be replaced, such as a picture.
        raise FileError(f"{out}: expected a name that ends in .onnx")
    about = _read_text(settings.about) if settings.about else ""
    run = read_run(run_folder)
    recipe = run.metadata.preprocessing
    if settings.int8:
        check_calibration_pictures(len(run.split["train"]))
    trained = take_apart(load_keras(run.model), len(run.metadata.labels))
    outliers: list[Path] = []
    if settings.outliers:
        if not (trained.has_features or trained.knows_outliers):
            raise SettingError(
                f"--outliers: a network of architecture {run.metadata.architecture!r} cannot "
                "reject pictures; train with --arch edge"
            )
        outliers = unknown_pictures(settings.outliers, run.outliers, recipe)
    test, truth = run.pictures("test")
    validation, validation_truth = run.pictures("validation")
    temperature = fit_temperature(
        trained.answers("logits", validation, recipe)[:, : trained.num_labels], validation_truth
    )
    network = add_heads(trained, temperature, _fit_gaussians(trained, run))

    # Always the same name: what a killed export has left, the next one replaces.
    partial = out.with_name(f".{out.name}.partial")
    try:
        model = convert(network, run.metadata)
        check_graph(model, set(network.output))
        metadata = replace(
            run.metadata,
            about=about,
            training={**run.metadata.training, "export": settings.command(run_folder, out)},
            versions={**run.metadata.versions, **_versions()},
        )
        classifier = _save(model, metadata, partial)
        plain = partial.read_bytes()
        parity = measure_parity(network, plain, run.pictures("test", IMAGES)[0], recipe)
        check_parity(parity)
        metadata = replace(metadata, parity=parity)
        of_float = None
        if settings.int8:
            of_float = predict_files(classifier, test, "float, test pictures")
            with TemporaryDirectory() as folder:
                model = quantize(model, run.pictures("train", PICTURES)[0], recipe, Path(folder))
            check_graph(model, set(network.output))
        if FAMILIARITY in network.output:
            raw = raw_familiarity(model.SerializeToString(), validation, recipe)
            metadata = replace(metadata, familiarity=_familiarity(trained, raw))
        classifier = _save(model, metadata, partial)
        answers = predict_files(classifier, test, "test pictures")
        if of_float:
            small = partial.read_bytes()
            ratio = latency_ratio(plain, small, recipe.input_shape)
            changed = compare(of_float, answers, truth, (len(plain), len(small)), ratio)
            _print_table(changed)
            check_int8(changed)
            metadata = replace(metadata, int8=changed)
        metadata = replace(
            metadata,
            metrics=evaluate_file(classifier, test, truth, answers),
            calibration=calibration(answers, truth, temperature, len(validation)),
        )
        if outliers:
            unknown = predict_files(classifier, outliers, "pictures of no class")
            found = rejection(answers, unknown, metadata.familiarity["threshold"])
            metadata = replace(metadata, familiarity={**metadata.familiarity, **found})
        # The digest is of the metadata too, as they are now.
        classifier = _save(model, metadata, partial)
        record = selftest_record(classifier, partial.read_bytes())
        _save(model, replace(metadata, selftest=record), partial)
        try:
            partial.replace(out)
        except OSError as error:
            raise FileError(f"{out}: cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)
    return metadata


def _read_text(file: Path) -> str:
    try:
        text = read_bytes(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ExportError(f"{file}: is no UTF-8 text ({error.reason}), expected words") from error
    if not all(character.isprintable() or character in "\n\t" for character in text):
        raise ExportError(f"{file}: holds unprintable characters, expected words")
    return text


def _fit_gaussians(trained: Trained, run: Run) -> Gaussians | None:
    """What familiarity is measured by where no outliers were learnt from."""
    if not trained.has_features or trained.knows_outliers:
        return None
    paths, classes = run.pictures("train", _MOST_FEATURES)
    return fit_gaussians(trained.answers("features", paths, run.metadata.preprocessing), classes)


def _familiarity(trained: Trained, raw: Any) -> dict[str, Any]:
    outliers = "log-odds against outliers"
    return {
        "method": outliers if trained.knows_outliers else "distance to the classes' Gaussians",
        "levels": list(LEVELS),
        "quantiles": quantiles(raw),
        "threshold": round(1 - ACCEPTED, 6),
        "validation_images": len(raw),
    }


def _print_table(record: dict[str, Any]) -> None:
    print(f"{record['images']:,} test pictures".ljust(24) + f"{'float':>24}{'int8':>24}")
    for title, (of_float, of_int8) in int8_table(record):
        print(f"{title:<24}{of_float:>24}{of_int8:>24}", flush=True)


def _save(model: onnx.ModelProto, metadata: Metadata, file: Path) -> pocketlens.Classifier:
    """Writes the model with its metadata and loads it as any user would."""
    onnx.helper.set_model_props(model, {KEY: metadata.to_json()})
    try:
        onnx.save(model, file)
    except OSError as error:
        raise FileError(f"{file}: cannot be written ({error.strerror})") from error
    try:
        return pocketlens.load_model(
            file, providers=["CPUExecutionProvider"], intra_op_num_threads=usable_cores()
        )
    except PocketLensError as error:
        raise ExportError(f"check 'the runtime loads it' failed: {error}") from error


def _versions() -> dict[str, str]:
    return {
        "export keras": keras.__version__,
        "export tensorflow": tf.__version__,
        "tf2onnx": tf2onnx.__version__,
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
        "opset": str(OPSET),
    }

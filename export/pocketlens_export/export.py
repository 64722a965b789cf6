"""Convert, check, compare, and only then put the .onnx file in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx

import pocketlens
from pocketlens.errors import ExportError, FileError, PocketLensError
from pocketlens.metadata import KEY, Metadata
from pocketlens_export.checks import check_graph
from pocketlens_export.conversion import OPSET, convert, load_keras
from pocketlens_export.parity import IMAGES, check_parity, measure_parity
from pocketlens_export.run_folder import read_run


def export(run_folder: Path, out: Path) -> dict[str, Any]:
    """Exports a training run; `out` appears, or is replaced, only when every check has passed.

    Returns:
        The parity with Keras, as stored in the file.

    Raises:
        FileMissingError: There is no finished run.
        ModelError: The run's record or model cannot be read.
        DatasetError: The pictures to compare on are gone.
        ExportError: A check failed.
        FileError: `out` cannot be written.
    """
    if out.is_dir() or not out.parent.is_dir():
        raise FileError(f"{out}: expected the name of a file in a folder that exists")
    run = read_run(run_folder)
    pictures = run.pictures(IMAGES)
    keras_model = load_keras(run.model)
    model = convert(keras_model, run.metadata)
    check_graph(model)
    # Always the same name: what a killed export has left, the next one replaces.
    partial = out.with_name(f".{out.name}.partial")
    try:
        parity = measure_parity(keras_model, _save(model, run.metadata, partial), pictures)
        check_parity(parity)
        _save(model, run.metadata.with_parity(parity, _versions()), partial)
        try:
            partial.replace(out)
        except OSError as error:
            raise FileError(f"{out}: cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)
    return parity


def _save(model: onnx.ModelProto, metadata: Metadata, file: Path) -> pocketlens.Classifier:
    """Writes the model with its metadata and loads it as any user would."""
    onnx.helper.set_model_props(model, {KEY: metadata.to_json()})
    try:
        onnx.save(model, file)
    except OSError as error:
        raise FileError(f"{file}: cannot be written ({error.strerror})") from error
    try:
        return pocketlens.load_model(file, providers=["CPUExecutionProvider"])
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

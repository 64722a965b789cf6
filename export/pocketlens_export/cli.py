"""`pocketlens export`."""

from __future__ import annotations

import argparse
import gc
import os
from pathlib import Path

from pocketlens.errors import SettingError
from pocketlens.extras import requires_extra
from pocketlens.names import printable
from pocketlens.tools.tensorflow_needs import check_tensorflow_needs

LIBRARIES = ("keras", "tensorflow", "tf2onnx", "onnx", "sklearn", "tqdm")


def configure(parser: argparse.ArgumentParser) -> None:
    """Turn a training run into one .onnx file, checked against Keras on real pictures."""
    parser.epilog = (
        "FILE.onnx is put in place only when every check has passed; a failed check leaves an\n"
        "existing file as it is.\n\n"
        "Example: pocketlens export runs/pets --out pets.onnx\n"
        "         pocketlens export pets.onnx --triton models"
    )
    parser.add_argument(
        "run_folder", type=Path, metavar="RUN", help="folder made by train; with --triton a file"
    )
    result = parser.add_mutually_exclusive_group(required=True)
    result.add_argument("--out", type=Path, metavar="FILE.onnx", help="the result")
    result.add_argument(
        "--triton",
        type=Path,
        metavar="DIR",
        help="from a finished .onnx file, the folders of a Triton model repository",
    )
    parser.add_argument(
        "--int8",
        action="store_true",
        help="quantize: a third of the size, faster; refused where its answers differ too much",
    )
    parser.add_argument(
        "--outliers",
        type=Path,
        metavar="FOLDER",
        help="pictures of no class, of kinds unknown to the training, to measure rejection on",
    )
    add_about(parser)
    parser.set_defaults(run=run)


def add_about(parser: argparse.ArgumentParser) -> None:
    """Adds the file of words that travel in the model."""
    parser.add_argument(
        "--about",
        type=Path,
        metavar="FILE",
        help="text about data, licences and limits that shall travel in the model",
    )


def run(arguments: argparse.Namespace) -> int:
    """Exports and prints what was measured; see configure()."""
    if arguments.triton is not None:
        return _write_triton(arguments)
    check_tensorflow_needs()
    # tf2onnx converts from TensorFlow, whatever backend trained the model.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # What the imports make stays: to look for garbage in it takes a fifth of their time.
    gc.disable()
    try:
        with requires_extra("cpu", "onnxruntime"), requires_extra("export", *LIBRARIES):
            from pocketlens_export.export import Settings, export
    finally:
        gc.freeze()
        gc.enable()
    settings = Settings(arguments.int8, arguments.outliers, arguments.about)
    metadata = export(arguments.run_folder, arguments.out, settings)
    for title, rows in metadata.parts():
        if title in ("figures", "calibration", "rejection", "parity"):
            for label, value in rows:
                print(f"{label:<26} {value}")
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.2f} MB")
    print(f"next: pocketlens predict PHOTO --model {arguments.out}")
    return 0


def _write_triton(arguments: argparse.Namespace) -> int:
    from pocketlens_export.triton.repository import write_repository

    for name in ("int8", "outliers", "about"):
        if getattr(arguments, name):
            raise SettingError(f"--{name} goes with --out: --triton takes a file as it is")
    for folder in write_repository(arguments.run_folder, arguments.triton):
        print(f"written: {printable(str(folder))}")
    print(f"next: tritonserver --model-repository {printable(str(arguments.triton.resolve()))}")
    return 0

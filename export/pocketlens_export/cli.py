"""`pocketlens export`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from pocketlens.extras import requires_extra
from pocketlens.metadata import Metadata
from pocketlens.tensorflow_needs import check_tensorflow_needs

LIBRARIES = ("keras", "tensorflow", "tf2onnx", "onnx", "sklearn", "tqdm")


def configure(parser: argparse.ArgumentParser) -> None:
    """Turn a training run into one .onnx file, checked against Keras on real pictures."""
    parser.epilog = (
        "FILE.onnx is put in place only when every check has passed; a failed check leaves an\n"
        "existing file as it is.\n\n"
        "Example: pocketlens export runs/pets --out pets.onnx"
    )
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="folder made by train")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.onnx", help="the result")
    parser.add_argument(
        "--int8",
        action="store_true",
        help="quantize: a quarter of the size, faster; refused where it answers otherwise",
    )
    parser.add_argument(
        "--outliers",
        type=Path,
        metavar="FOLDER",
        help="pictures of no class, of kinds unknown to the training, to measure rejection on",
    )
    parser.add_argument(
        "--about",
        type=Path,
        metavar="FILE",
        help="text about data, licences and limits that shall travel in the model",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exports and prints what was measured; see configure()."""
    check_tensorflow_needs()
    # tf2onnx converts from TensorFlow, whatever backend trained the model.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with requires_extra("cpu", "onnxruntime"), requires_extra("export", *LIBRARIES):
        from pocketlens_export.export import Settings, export
    settings = Settings(arguments.int8, arguments.outliers, arguments.about)
    metadata = export(arguments.run_folder, arguments.out, settings)
    for line in report(metadata):
        print(line)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.2f} MB")
    print(f"next: pocketlens predict PHOTO --model {arguments.out}")
    return 0


def report(metadata: Metadata) -> Iterator[str]:
    """What the export measured, line by line."""
    parity, calibration = metadata.parity, metadata.calibration
    yield (
        f"parity with Keras on {parity['images']} pictures, batches of "
        f"{' and '.join(map(str, parity['batch_sizes']))}: max |difference| "
        f"{parity['max_abs_difference']:.1e}, same label {parity['top1_agreement']:.2%}"
    )
    yield f"right for {metadata.accuracy_text()}"
    for name, figures in metadata.metrics["robustness"].items():
        yield f"  the same, {name}: {figures['accuracy']:.2%}"
    for when in ("before", "after"):
        yield (
            f"{when} calibration (temperature {calibration['temperature']:.3f}): log loss "
            f"{calibration[when]['log_loss']:.4f}, expected calibration error "
            f"{calibration[when]['calibration_error']:.2%}"
        )
    if "auroc" in metadata.familiarity:
        yield metadata.rejection_text()

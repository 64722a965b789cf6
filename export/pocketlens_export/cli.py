"""`pocketlens export`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pocketlens.extras import requires_extra

LIBRARIES = ("keras", "tensorflow", "tf2onnx", "onnx")


def configure(parser: argparse.ArgumentParser) -> None:
    """Turn a training run into one .onnx file, checked against Keras on real pictures."""
    parser.epilog = (
        "FILE.onnx is put in place only when every check has passed; a failed check leaves an\n"
        "existing file as it is.\n\n"
        "Example: pocketlens export runs/pets --out pets.onnx"
    )
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="folder made by train")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.onnx", help="the result")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exports and prints the parity; see configure()."""
    # tf2onnx converts from TensorFlow, whatever backend trained the model.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with requires_extra("cpu", "onnxruntime"), requires_extra("export", *LIBRARIES):
        from pocketlens_export.export import export
    parity = export(arguments.run_folder, arguments.out)
    print(
        f"parity with Keras on {parity['images']} pictures, batches of "
        f"{' and '.join(map(str, parity['batch_sizes']))}: max |difference| "
        f"{parity['max_abs_difference']:.1e}, same label {parity['top1_agreement']:.2%}"
    )
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.2f} MB")
    print(f"next: pocketlens predict PHOTO --model {arguments.out}")
    return 0

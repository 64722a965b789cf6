"""An exported file: its bytes, that it loads, and how it gets into place."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import onnx
import onnxruntime

import pocketlens
from pocketlens.errors import ExportError, FileError, PocketLensError
from pocketlens.metadata import KEY, Metadata
from pocketlens.metadata.selftest_record import Selftest
from pocketlens.pictures.files import read_bytes
from pocketlens_export.graph import OPSET
from pocketlens_export.selftest import selftest_record


def about_text(file: Path) -> str:
    """The words that shall travel in the model.

    Raises:
        ExportError: The file is no text.
    """
    try:
        text = read_bytes(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ExportError(f"{file}: is no UTF-8 text ({error.reason}), expected words") from error
    if not all(character.isprintable() or character in "\n\t" for character in text):
        raise ExportError(f"{file}: holds unprintable characters, expected words")
    return text


def check_out(out: Path) -> None:
    """Refuses a name that no file can be put in place of.

    Raises:
        FileError: So it is.
    """
    if out.is_dir() or not out.parent.is_dir():
        raise FileError(f"{out}: expected the name of a file in a folder that exists")
    if out.suffix.lower() != ".onnx":
        # Whatever was there would be replaced, such as a picture.
        raise FileError(f"{out}: expected a name that ends in .onnx")
    if not os.access(out.parent, os.W_OK):
        raise FileError(f"{out}: cannot be written: its folder is read-only; choose another --out")


def load(model: onnx.ModelProto, metadata: Metadata) -> pocketlens.Classifier:
    """Loads a graph with its metadata as any user would.

    Raises:
        ExportError: The runtime does not load it.
    """
    try:
        content = _with_metadata(model, metadata)
        return pocketlens.load_model(content, providers=["CPUExecutionProvider"])
    except PocketLensError as error:
        raise ExportError(f"check 'the runtime loads it' failed: {error}") from error


def with_selftest(
    model: onnx.ModelProto, metadata: Metadata, earlier: Selftest | None = None
) -> bytes:
    """The bytes of the finished file.

    Args:
        model: Its graph.
        metadata: What it says of itself.
        earlier: The self-test of the file that it was made from.
    """
    # The digest is of the metadata too, as they are without it.
    record = selftest_record(load(model, metadata), _with_metadata(model, metadata), earlier)
    finished = replace(metadata, selftest=record)
    load(model, finished)
    return _with_metadata(model, finished)


def write(content: bytes, out: Path) -> None:
    """Puts the file in place, whole or not at all.

    Raises:
        FileError: It cannot be written.
    """
    # Always the same name: what a killed export has left, the next one replaces.
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(out)
    except OSError as error:
        raise FileError(f"{out}: cannot be written ({error.strerror})") from error
    finally:
        # A file system that is read-only refuses this too, and would hide the reason.
        with suppress(OSError):
            partial.unlink()


def versions_of_runtime() -> dict[str, str]:
    """Of what writes and runs the graph."""
    return {
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
        "opset": str(OPSET),
    }


def _with_metadata(model: onnx.ModelProto, metadata: Metadata) -> bytes:
    onnx.helper.set_model_props(model, {KEY: metadata.to_json()})
    return bytes(model.SerializeToString())

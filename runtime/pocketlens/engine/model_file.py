"""Reads a model's file, and says what a file is that is no model."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pocketlens.engine.protobuf import fields
from pocketlens.errors import FileError, ModelError
from pocketlens.pictures.files import read_bytes
from pocketlens.pictures.formats import FIRST_BYTES, picture_kind

EXPECTED = "expected an .onnx file written by `pocketlens export` or `teach`"
"""What to say of a file that is another."""
_AGAIN = "copy or download the file again"
_UNPACK = "unpack it first"
_KINDS = (
    # where it stands, how it begins, what it is, what to do
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file itself", "run `git lfs pull`"),
    (0, b"\x1f\x8b", "compressed with gzip", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "compressed with zstd", _UNPACK),
    (0, b"\xfd7zXZ\0", "compressed with xz", _UNPACK),
    (0, b"BZh", "compressed with bzip2", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (0, b"Rar!", "a RAR archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"\x89HDF", "an HDF5 file, as Keras writes them", EXPECTED),
    (4, b"TFL3", "a TensorFlow Lite model", EXPECTED),
    (0, b"\x80", "a pickle, as PyTorch writes them", EXPECTED),
)
_FOLDERS = {
    "record.json": "a run folder; `pocketlens export FOLDER --out FILE.onnx` makes a file of it",
    "saved_model.pb": f"a TensorFlow SavedModel; {EXPECTED}",
}
_ONNX = 8
"""The first byte of an onnx model, the key of its ir_version."""
_GRAPH, _OPSET, _INITIALIZER, _EXTERNAL_DATA, _KEY, _VALUE = 7, 8, 5, 13, 1, 2
"""Fields of onnx's ModelProto, GraphProto, TensorProto and StringStringEntryProto."""
_SHOWN = 40


def read_model(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a model's file.

    Raises:
        FileMissingError: There is no such file.
        FileError: It is a folder or cannot be read.
    """
    try:
        return read_bytes(path)
    except FileError as error:
        for name, what in _FOLDERS.items():
            if _is_in(Path(path), name):
                raise FileError(f"{path}: is {what}") from error
        raise


def _is_in(folder: Path, name: str) -> bool:
    try:
        return (folder / name).exists()
    except OSError:
        return False


def why_no_model(content: bytes) -> str:
    """What a file is that onnxruntime does not load, and what to do; "" where that is not known."""
    if not content:
        return f"the file is empty; {_AGAIN}"
    for place, beginning, what, remedy in _KINDS:
        if content.startswith(beginning, place):
            return f"it is {what}; {remedy}"
    if content.startswith(b"PK\3\4"):
        return f"it is {_zip_kind(content)}"
    if kind := picture_kind(content[:FIRST_BYTES]):
        return f"it is a picture ({kind}); {EXPECTED}"
    if not content.strip(b"\0"):
        return f"it holds nothing but zeros; {_AGAIN}"
    head = content[:FIRST_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return f"it is a web page, perhaps of an error or a login; {_AGAIN}"
    with suppress(UnicodeDecodeError):
        text = content.decode().strip().partition("\n")[0][:_SHOWN]
        if text.isprintable():
            return f"it is a text that begins with {text!r}; {EXPECTED}"
    return _what_is_wrong(content) if content[0] == _ONNX else ""


def _what_is_wrong(model: bytes) -> str:
    try:
        found = [(number, stop) for number, _, _, stop in fields(model, 0, len(model))]
        end = max(stop for _, stop in found)
        if end > len(model):
            return f"it is cut off: it has {len(model)} of {end} bytes or more; {_AGAIN}"
        if _OPSET not in dict(found):
            return f"it is cut off: it has {len(model)} bytes and no opset; {_AGAIN}"
        for place in _external_data(model):
            return f"its weights are in another file, {place!r}; save all as one file"
    except ModelError:
        return f"it is damaged; {_AGAIN}"
    return ""


def _zip_kind(content: bytes) -> str:
    with suppress(zipfile.BadZipFile):
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
        if "model.weights.h5" in names:
            return f"a Keras model; {EXPECTED}"
        if any(name.endswith("data.pkl") for name in names):
            return f"a PyTorch file; {EXPECTED}"
    return "a zip archive; unpack it first"


def _external_data(model: bytes) -> Iterator[str]:
    for graph in _parts(model, _GRAPH):
        for tensor in _parts(graph, _INITIALIZER):
            for entry in _parts(tensor, _EXTERNAL_DATA):
                if b"location" in _parts(entry, _KEY):
                    yield from (value.decode(errors="replace") for value in _parts(entry, _VALUE))


def _parts(message: bytes, wanted: int) -> list[bytes]:
    return [
        message[start:stop]
        for number, _, start, stop in fields(message, 0, len(message))
        if number == wanted
    ]

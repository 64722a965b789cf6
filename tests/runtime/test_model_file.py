"""What is told of a file or folder that is no model."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

import pocketlens
from builders import colors_model
from pocketlens.engine.protobuf import fields
from pocketlens.errors import FileError, ModelError


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return stream.getvalue()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("colors.onnx"))
    return stream.getvalue()


MODEL = colors_model()
GRAPH_ALONE = MODEL[
    : next(stop for number, *_, stop in fields(MODEL, 0, len(MODEL)) if number == 7)
]
UNPACK = "; unpack it first"
EXPECTED = "; expected an .onnx file written by `pocketlens export` or `teach`"
AGAIN = "; copy or download the file again"
KINDS = {
    b"": f"the file is empty{AGAIN}",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 1269919\n": (
        "it is a Git LFS pointer, not the file itself; run `git lfs pull`"
    ),
    b"\n<!DOCTYPE html>\n<html><title>Sign in</title></html>": (
        f"it is a web page, perhaps of an error or a login{AGAIN}"
    ),
    b"Entry not found": f"it is a text that begins with 'Entry not found'{EXPECTED}",
    b'{"error": "401"}\n': f'it is a text that begins with \'{{"error": "401"}}\'{EXPECTED}',
    gzip.compress(MODEL): f"it is compressed with gzip{UNPACK}",
    bz2.compress(MODEL): f"it is compressed with bzip2{UNPACK}",
    lzma.compress(MODEL): f"it is compressed with xz{UNPACK}",
    b"\x28\xb5\x2f\xfd\x04\x58\x09\x00": f"it is compressed with zstd{UNPACK}",
    b"7z\xbc\xaf\x27\x1c\x00\x04": f"it is a 7z archive{UNPACK}",
    b"Rar!\x1a\x07\x01\x00": f"it is a RAR archive{UNPACK}",
    tarred(): f"it is a tar archive{UNPACK}",
    zipped("colors.onnx"): f"it is a zip archive{UNPACK}",
    zipped("colors.onnx")[:40]: f"it is a zip archive{UNPACK}",
    zipped("config.json", "model.weights.h5"): f"it is a Keras model{EXPECTED}",
    zipped("archive/data.pkl", "archive/version"): f"it is a PyTorch file{EXPECTED}",
    b"\x80\x02}q\x00.": f"it is a pickle, as PyTorch writes them{EXPECTED}",
    b"\x89HDF\r\n\x1a\n\x00": f"it is an HDF5 file, as Keras writes them{EXPECTED}",
    b"\x1c\x00\x00\x00TFL3\x00\x00": f"it is a TensorFlow Lite model{EXPECTED}",
    MODEL[:-1]: f"it is cut off: it has {len(MODEL) - 1} of {len(MODEL)} bytes or more{AGAIN}",
    MODEL[: len(GRAPH_ALONE) // 2]: f"it is cut off: it has {len(GRAPH_ALONE) // 2} of ",
    GRAPH_ALONE: f"it is cut off: it has {len(GRAPH_ALONE)} bytes and no opset{AGAIN}",
    MODEL + bytes(8): f"it is damaged{AGAIN}",
    bytes(500): f"it holds nothing but zeros{AGAIN}",
    b"\xff\xd8\xff\xe0\x00\x10JFIF": f"it is a picture (JPEG){EXPECTED}",
    b"\xef\xbb\xbf\n  <html>": f"it is a web page, perhaps of an error or a login{AGAIN}",
}


@pytest.mark.parametrize("content", KINDS, ids=KINDS.values())
def test_file_that_is_no_model(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "odd.onnx"
    file.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        pocketlens.load_model(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert KINDS[content] in message
    assert "\n" not in message


def test_folder_that_is_no_model(tmp_path: Path) -> None:
    for name, reason in (
        ("record.json", "is a run folder; `pocketlens export FOLDER --out FILE.onnx` makes"),
        ("saved_model.pb", "is a TensorFlow SavedModel; expected an .onnx file"),
        ("other", "is a folder, not a file"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
        with pytest.raises(FileError, match=reason):
            pocketlens.load_model(tmp_path / name)

"""A text written to a file of the user's choice, whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from pocketlens.errors import FileError, SettingError
from pocketlens.names import printable
from pocketlens.pictures.formats import FIRST_BYTES, picture_kind
from pocketlens.replacing import replace_text


def check_writable(*names: Path | None, models: Sequence[Path] = ()) -> None:
    """Tries whether write_whole() can write there, before the work is done.

    Args:
        names: The files to write; None is passed over.
        models: What is read meanwhile.

    Raises:
        FileError: It cannot, or would write over a model or a picture.
        SettingError: Two are one file.
    """
    files = [file for file in names if file is not None]
    for file in files:
        replace_text(file, None)
        if file.exists() and any(file.samefile(model) for model in models):
            raise FileError(f"{file}: is the model itself; expected another name for the report")
        if file.suffix.lower() == ".onnx":
            raise FileError(f"{file}: is a model's name; expected one that does not end in .onnx")
        if file.exists() and _is_picture(file):
            raise FileError(f"{file}: is a picture; expected another name, nothing was written")
    for first, second in combinations(files, 2):
        if first.resolve() == second.resolve():
            raise SettingError(f"{second}: is asked for twice; give each output its own name")


def check_lies_outside(file: Path, folder: Path) -> None:
    """Keeps what is written apart from the pictures.

    Raises:
        SettingError: It would lie among them.
    """
    if file.resolve().is_relative_to(folder.resolve()):
        raise SettingError(f"{file}: lies among the pictures; choose another place for it")


def _is_picture(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            return picture_kind(content.read(FIRST_BYTES)) is not None
    except OSError:
        return False


def write_whole(file: Path, text: str) -> None:
    """Writes the text and says so on stderr.

    Raises:
        FileError: It cannot be written; what was there is as it was.
    """
    replace_text(file, text)
    say_written(file)


def say_written(file: Path) -> None:
    """Names the file on stderr."""
    print(f"\nwritten: {printable(str(file))}", file=sys.stderr)

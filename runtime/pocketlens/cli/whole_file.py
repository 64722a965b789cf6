"""A text written to a file of the user's choice, whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

from pocketlens.errors import FileError
from pocketlens.names import printable
from pocketlens.whole_text import replace_text


def check_writable(file: Path, model: Path | None = None) -> None:
    """Tries whether write_whole() can write there, before the work is done.

    Raises:
        FileError: It cannot, or would write over the model.
    """
    if model is not None and file.exists() and file.samefile(model):
        raise FileError(f"{file}: is the model itself; expected another name for the report")
    replace_text(file, None)


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

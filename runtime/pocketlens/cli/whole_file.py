"""A text written to a file of the user's choice, whole or not at all."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from pocketlens.errors import FileError
from pocketlens.names import printable


def check_writable(file: Path, model: Path | None = None) -> None:
    """Tries whether write_whole() can write there, before the work is done.

    Raises:
        FileError: It cannot, or would write over the model.
    """
    if model is not None and file.exists() and file.samefile(model):
        raise FileError(f"{file}: is the model itself; expected another name for the report")
    _write(file, None)


def write_whole(file: Path, text: str) -> None:
    """Writes the text and says so on stderr.

    Raises:
        FileError: It cannot be written; what was there is as it was.
    """
    _write(file, text)
    print(f"\nwritten: {printable(str(file))}", file=sys.stderr)


def _write(file: Path, text: str | None) -> None:
    if file.is_dir() or not file.parent.is_dir():
        raise FileError(f"{file}: expected the name of a file in a folder that exists")
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text or "", encoding="utf-8", errors="backslashreplace")
        if text is not None:
            partial.replace(file)
    except OSError as error:
        raise FileError(f"{file}: cannot be written ({error.strerror})") from error
    finally:
        # A file system that is read-only refuses this too, and would hide the reason.
        with suppress(OSError):
            partial.unlink()

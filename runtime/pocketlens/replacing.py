"""A file that is written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pocketlens.errors import FileError


def replace_text(file: Path, text: str | None) -> None:
    """As replace_bytes(), as UTF-8; None only tries whether that can be done."""
    replace_bytes(file, (text or "").encode("utf-8", "backslashreplace"), is_trial=text is None)


def replace_bytes(file: Path, content: bytes, is_trial: bool = False) -> None:
    """Writes the content beside the file and renames it, unless it is a trial.

    A link stays, and what it points to is written.

    Raises:
        FileError: It cannot be written; what was there is as it was.
    """
    if refusal := _refusal(file):
        raise FileError(f"{file}: {refusal}")
    target = Path(os.path.realpath(file))
    partial = target.with_name(f".{target.name[:50]}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        if not is_trial:
            partial.replace(target)
    except OSError as error:
        raise FileError(f"{file}: cannot be written ({error.strerror})") from error
    finally:
        # A file system that is read-only refuses this too, and would hide the reason.
        with suppress(OSError):
            partial.unlink()


def _refusal(file: Path) -> str:
    try:
        if file.is_dir() or not file.parent.is_dir():
            return "expected the name of a file in a folder that exists"
        # A rename would put an ordinary file in place of /dev/null.
        if file.exists() and not file.is_file():
            return "is a device or a pipe, expected the name of a file"
    except OSError as error:
        return f"cannot be written ({error.strerror})"
    return ""

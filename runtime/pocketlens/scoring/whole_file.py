"""A file that appears when it is finished."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pocketlens.errors import FileError, PocketLensError

_ENDING = "partial"


@contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """Gives the path of a hidden file beside `file`, which takes its name at the end.

    Raises:
        FileError: It cannot be written; what was there is as it was.
    """
    # No process id: jobs in containers may have the same one.
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}.{_ENDING}")
    try:
        yield partial
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        partial.replace(file)
    except PocketLensError:
        raise
    except OSError as error:
        raise FileError(f"{file}: cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def remove_partial_files(folder: Path, beginning: str) -> None:
    """Removes what a job that was killed has left of files whose names begin so."""
    for partial in folder.glob(f".{beginning}*.{_ENDING}"):
        with suppress(OSError):
            partial.unlink()

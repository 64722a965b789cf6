"""Files and folders of a command line -> picture files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".gif")
)


def picture_files(arguments: Sequence[str], on_error: Callable[[OSError], object]) -> Iterator[str]:
    """Yields files as they stand, and of folders the files with a picture's suffix, sorted.

    Folders are gone through as they come, so that millions of files take no memory; links to
    folders are not followed, and names that begin with a dot are passed over.

    Args:
        arguments: Files and folders.
        on_error: Told of a folder that cannot be read; the rest go on.
    """
    for argument in arguments:
        if not _is_folder(argument):
            yield argument
            continue
        for folder, folders, names in os.walk(argument, onerror=on_error):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                    yield str(Path(folder, name))


def _is_folder(argument: str) -> bool:
    try:
        return Path(argument).is_dir()
    except (OSError, ValueError):
        # What is wrong with it is said when it is read.
        return False

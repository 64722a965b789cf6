"""Files and folders of a user -> picture files, known by their content."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pocketlens.errors import PocketLensError
from pocketlens.pictures.files import read_start
from pocketlens.pictures.formats import FIRST_BYTES, picture_kind

SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff"),
        *(".bmp", ".dib", ".pbm", ".pgm", ".ppm", ".pnm"),
        *(".heic", ".heif", ".hif", ".jp2", ".jxl", ".tga", ".ico"),
    )
)
"""Of the names of pictures, in lower case."""
NON_PICTURE, SYSTEM, LINK = "non-picture", "hidden or system", "behind a link"
KNOWN = "also among the labelled pictures or the outliers"
EXCLUDED = "excluded by"
"""Reasons to pass something over; EXCLUDED goes on with the name of a list."""
_SYSTEM = frozenset(
    (
        "__macosx",
        "network trash folder",
        "temporary items",
        "icon\r",
        "@eadir",
        "@recently-snapshot",
        "@recycle",
        "@sharebin",
        "@tmp",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "desktop.ini",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "found.000",
        "lost+found",
        "system volume information",
        "thumbs.db",
    )
)
"""In lower case; of macOS, Windows, Linux and the NAS systems of Synology and QNAP."""


def is_system(name: str) -> bool:
    """Whether a file or folder of this name is hidden or the system's, such as ._a.jpg or @eaDir.

    Args:
        name: The last part of a path.
    """
    is_hidden = name.startswith(".") and name not in (".", "..")
    return is_hidden or name.lower() in _SYSTEM


def has_picture_suffix(name: str) -> bool:
    """Whether a file so called is meant as a picture, whatever it holds.

    Args:
        name: A path, or the last part of it.
    """
    return Path(name).suffix.lower() in SUFFIXES


def is_folder(path: str) -> bool:
    """Whether a path is that of a folder; False for what is no path at all."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        # What is wrong with it is said when it is read.
        return False


class PassedOver:
    """What was not answered, by reason: how many, and the first name of each."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, str]] = {}

    def add(self, reason: str, name: str) -> None:
        """Counts one more."""
        count, first = self._found.get(reason, (0, name))
        self._found[reason] = count + 1, first

    def count(self, reason: str | None = None) -> int:
        """How many for this reason; None: for any."""
        return sum(count for key, (count, _) in self._found.items() if reason in (None, key))

    def __str__(self) -> str:
        """Such as "10 HEIC (a.heic and 9 more), 1 non-picture (notes.txt)", most first."""
        most_first = sorted(self._found.items(), key=lambda item: -item[1][0])
        return ", ".join(
            f"{count} {reason} ({first}{f' and {count - 1} more' if count > 1 else ''})"
            for reason, (count, first) in most_first
        )


def picture_files(
    paths: Sequence[str], passed: PassedOver, on_error: Callable[[OSError], object]
) -> Iterator[str]:
    """Yields files as they stand, and of folders the files that are or claim to be pictures.

    A picture's suffix is a claim. Any other file is known by its first bytes.

    Args:
        paths: Files and folders.
        passed: Is told what is passed over.
        on_error: Is told of a folder that cannot be read; the rest go on.
    """
    named = set(paths)
    for file in all_files(paths, passed.add, on_error):
        if file in named or is_picture(file):
            yield file
        else:
            passed.add(NON_PICTURE, file)


def all_files(
    paths: Sequence[str],
    pass_over: Callable[[str, str], object],
    on_error: Callable[[OSError], object],
) -> Iterator[str]:
    """Yields files as they stand, and every file of folders, sorted; none is opened.

    Folders are gone through as they come, so that millions of files take no memory. Links to
    folders are not followed; hidden and system names are passed over.

    Args:
        paths: Files and folders.
        pass_over: Is told the reason, SYSTEM or LINK, and the path of what is passed over.
        on_error: Is told of a folder that cannot be read; the rest go on.
    """
    for path in paths:
        if not is_folder(path):
            yield path
            continue
        for parent, folders, names in os.walk(path, onerror=on_error):
            below = sorted(folders)
            folders.clear()
            for name in below:
                folder = Path(parent, name)
                if is_system(name):
                    pass_over(SYSTEM, f"{folder}{os.sep}")
                elif folder.is_symlink():
                    pass_over(LINK, f"{folder}{os.sep}")
                else:
                    folders.append(name)
            for name in sorted(names):
                file = str(Path(parent, name))
                if is_system(name):
                    pass_over(SYSTEM, file)
                else:
                    yield file


def is_picture(file: str) -> bool:
    """Whether a file's name says that it is a picture, or its first bytes do."""
    if has_picture_suffix(file):
        return True
    try:
        return picture_kind(read_start(file, FIRST_BYTES)) is not None
    except PocketLensError:
        # It may be one: what is wrong with it is said when it is read.
        return Path(file).is_file()

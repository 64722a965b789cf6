"""The list of files that a training leaves out: one a line, for a person to edit."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pocketlens.cli.printing import print_note
from pocketlens.errors import DatasetError, FileError
from pocketlens.names import counted, listed, normalised, printable
from pocketlens.pictures.files import read_bytes
from pocketlens.pictures.folders import EXCLUDED
from pocketlens.pictures.listing import Listing

_ESCAPED = re.compile(r"\\(\\|n|r|t|#|x[0-9a-f]{2})")
_MARKS = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t", "#": "#"}


def escape(name: str) -> str:
    r"""A file name on one line: "\n" for a line break, "\xff" for a byte that is no UTF-8."""
    text = name.replace("\\", "\\\\")
    for mark in "nrt":
        text = text.replace(_MARKS[mark], f"\\{mark}")
    if text.startswith("#"):
        text = f"\\{text}"
    odd = (f"\\x{ord(each) & 0xFF:02x}" if "\udc80" <= each <= "\udcff" else each for each in text)
    # A space at an end would not be seen.
    return re.sub(r"^ | $", r"\\x20", "".join(odd))


def unescape(text: str) -> str:
    """The name that escape() was given."""

    def original(match: re.Match[str]) -> str:
        mark = match[1]
        if not mark.startswith("x"):
            return _MARKS[mark]
        code = int(mark[1:], 16)
        return chr(0xDC00 + code) if code >= 0x80 else chr(code)

    return _ESCAPED.sub(original, text)


def read_exclude_list(file: Path) -> frozenset[str]:
    """The paths in a list, as NFC text without "." and ".."; lines that begin with # are comments.

    Raises:
        FileMissingError: There is no such file.
        FileError: It cannot be read, or is no text.
    """
    try:
        # Not splitlines(): a name may hold what else Unicode counts as the end of a line.
        lines = re.split("\r\n?|\n", read_bytes(file).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FileError(f"{file}: is no UTF-8 text, expected one file name a line") from error
    names = (line.strip(" \t") for line in lines)
    return frozenset(
        posixpath.normpath(normalised(unescape(name)))
        for name in names
        if name and not name.startswith("#")
    )


def exclude(listings: Iterable[Listing], file: Path) -> list[Listing]:
    """The listings without the files that a list names; a note says which names none has.

    A path is relative to the folder, or has the folder before it: as it was given, by its name
    alone, or absolute.

    Args:
        listings: Of a training's folders.
        file: The list.

    Raises:
        FileError: The list cannot be read.
        DatasetError: It leaves a class without a file.
    """
    names = read_exclude_list(file)
    left = [_without(listing, names, file) for listing in listings]
    known = {
        top + normalised(name)
        for each in left
        for top in _tops(each.folder)
        for name, reason in each.left_out
        if reason.startswith(EXCLUDED)
    }
    if missing := sorted(names - known):
        print_note(
            f"{file}: {counted(len(missing), 'line')} without a file in the folder: "
            f"{listed(list(map(printable, missing)), 3)}; expected paths such as CLASS/photo.jpg"
        )
    return left


def _without(listing: Listing, names: frozenset[str], file: Path) -> Listing:
    tops = _tops(listing.folder)
    kept, left_out = [], list(listing.left_out)
    for name, target in zip(listing.files, listing.targets, strict=True):
        if any(top + normalised(name) in names for top in tops):
            left_out.append((name, f"{EXCLUDED} {file.name}"))
        else:
            kept.append((name, target))
    targets = tuple(target for _, target in kept)
    empty = sorted(set(listing.targets) - set(targets))
    if empty:
        raise DatasetError(f"{file}: leaves no picture of {listing.labels[empty[0]]!r}; keep some")
    files = tuple(name for name, _ in kept)
    return replace(listing, files=files, targets=targets, left_out=tuple(left_out))


def _tops(folder: Path) -> list[str]:
    """What may stand before a path that is relative to the folder."""
    own = folder.resolve()
    tops = folder, folder.absolute(), own, Path(own.name)
    return ["", *(f"{normalised(posixpath.normpath(top.as_posix()))}/" for top in tops)]

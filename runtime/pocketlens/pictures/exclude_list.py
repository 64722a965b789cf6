"""The list of files that a training leaves out: one a line, for a person to edit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pocketlens.errors import FileError
from pocketlens.names import listed, normalised, printable
from pocketlens.pictures.files import read_bytes
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
    """The names in a list, as NFC text; lines that begin with # are comments.

    Raises:
        FileMissingError: There is no such file.
        FileError: It cannot be read, or is no text.
    """
    try:
        lines = read_bytes(file).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FileError(f"{file}: is no UTF-8 text, expected one file name a line") from error
    names = (line.strip() for line in lines if not line.lstrip().startswith("#"))
    return frozenset(normalised(unescape(name)) for name in names if name)


def exclude(listings: Iterable[Listing], file: Path) -> tuple[list[Listing], list[str]]:
    """The listings without the files that a list names.

    A name may also begin with the folder's own, as of a folder that is split already.

    Args:
        listings: Of a training's folders.
        file: The list.

    Returns:
        The listings, and the names that none of them has.

    Raises:
        FileError: The list cannot be read.
    """
    names = read_exclude_list(file)
    missing = set(names)
    left = []
    for listing in listings:
        own = f"{normalised(listing.folder.resolve().name)}/"
        kept, left_out = [], []
        for name, target in zip(listing.files, listing.targets, strict=True):
            known = {normalised(name), own + normalised(name)} & names
            missing -= known
            if known:
                left_out.append((name, f"excluded by {file.name}"))
            else:
                kept.append((name, target))
        files, targets = [name for name, _ in kept], [target for _, target in kept]
        left_out = [*listing.left_out, *left_out]
        left.append(
            replace(listing, files=tuple(files), targets=tuple(targets), left_out=tuple(left_out))
        )
    return left, sorted(missing)


def missing_note(file: Path, missing: list[str]) -> str:
    """What to say of names that no folder has."""
    return (
        f"{file}: names {len(missing)} not in the folder: {listed([*map(printable, missing)], 3)}"
    )

"""Names and counts as text; names are compared as NFC, and shown whatever their characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_LONGEST = 60
_UNSHOWN = frozenset(("Cc", "Cs", "Zl", "Zp"))
"""Categories: controls, halves of a character (of bytes that are no UTF-8), ends of lines."""
_TURNS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""They turn the direction of what follows."""


def normalised(name: str) -> str:
    """A label or the name of a file as NFC text: macOS stores "é" as two characters."""
    return unicodedata.normalize("NFC", name)


def is_shown(text: str) -> bool:
    """Whether no character breaks the line, steers the terminal or turns the text around.

    Unlike str.isprintable(), it accepts all spaces, the joiners and tags in emoji and words, and
    characters newer than this Python.
    """
    return not any(
        character in _TURNS or unicodedata.category(character) in _UNSHOWN for character in text
    )


def printable(text: str) -> str:
    """The text on one line: a file name may hold line breaks and terminal commands."""
    return "".join(
        character if is_shown(character) else character.encode("unicode_escape").decode()
        for character in text
    )


def cut(name: str, longest: int = _LONGEST) -> str:
    """The name, or so many characters of it and an ellipsis."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Such as "1 picture" or "1,000 pictures"; `plural` where it is not formed by an "s"."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def listed(names: Sequence[str], most: int = 20) -> str:
    """The names in a row; of more than `most` the first ones, and how many more there are."""
    text = ", ".join(map(cut, names[:most]))
    return f"{text} and {len(names) - most:,} more" if len(names) > most else text

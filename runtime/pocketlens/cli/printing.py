"""How commands print names and errors."""

from __future__ import annotations

import sys

from pocketlens.checks import is_shown


def printable(text: str) -> str:
    """The text on one line: a file name may hold line breaks and terminal commands."""
    return "".join(
        character if is_shown(character) else character.encode("unicode_escape").decode()
        for character in text
    )


def print_error(error: object) -> None:
    """Prints an error on stderr in one line."""
    print(f"pocketlens: error: {printable(str(error))}", file=sys.stderr)

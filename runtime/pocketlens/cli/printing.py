"""How commands print warnings and errors."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

from pocketlens.errors import DepthWarning
from pocketlens.names import printable
from pocketlens.pictures.folders import EXCLUDED, KNOWN, SYSTEM, PassedOver

_show = warnings.showwarning


def print_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Stands in for warnings.showwarning(): one of ours takes one line, without its place."""
    if issubclass(category, DepthWarning):
        print_note(message)
    else:
        _show(message, category, filename, lineno, file, line)


def print_note(note: object) -> None:
    """Prints on stderr, in one line, what to know that is no error."""
    # In one piece: it may come from a worker's thread.
    sys.stderr.write(f"pocketlens: note: {printable(str(note))}\n")


def print_error(error: object) -> None:
    """Prints an error on stderr in one line."""
    print(f"pocketlens: error: {printable(str(error))}", file=sys.stderr)


def print_left_out(left_out: Sequence[tuple[str, str]]) -> None:
    """Names what is left out, but counts what may be many: system, known and excluded files."""
    passed = PassedOver()
    for file, reason in left_out:
        if reason in (SYSTEM, KNOWN) or reason.startswith(EXCLUDED):
            passed.add(reason, file)
        else:
            print(f"left out: {printable(file)}: {printable(reason)}", file=sys.stderr)
    if passed.count():
        print(f"passed over: {printable(str(passed))}", file=sys.stderr)

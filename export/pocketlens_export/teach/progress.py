"""How far reading is: a bar on a terminal, a line a second elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from pocketlens.cli.progress import Progress

Result = TypeVar("Result")

_EVERY = 1.0


def show_reading(results: Iterable[Result], total: int) -> Iterator[Result]:
    """Yields the results, and shows how many there were."""
    on_terminal = sys.stderr.isatty()
    bar = Progress(total if on_terminal else None)
    last = time.monotonic()
    for done, result in enumerate(results, 1):
        bar.show(done)
        if not on_terminal and time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            say(f"read {done:,} of {total:,} pictures")
        yield result
    bar.clear()


def say(line: str) -> None:
    """Prints a line that is there at once, whoever reads it."""
    print(line, flush=True)

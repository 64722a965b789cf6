"""A progress bar on a terminal."""

from __future__ import annotations

import sys
import time

_EVERY = 0.1


class Progress:
    """Draws one line on stderr where that is a terminal, and nothing elsewhere."""

    def __init__(self, total: int | None) -> None:
        """Takes the number of pictures; None where nothing is to be drawn."""
        self._total = total
        self._start = time.monotonic()
        self._drawn = 0.0
        self._is_drawn = False

    def show(self, done: int) -> None:
        """Draws how many are done, where the last time is long enough ago."""
        now = time.monotonic()
        if self._total is None or now - self._drawn < _EVERY:
            return
        self._drawn, self._is_drawn = now, True
        rate = done / (now - self._start)
        left = int((self._total - done) / rate)
        bar = "#" * (20 * done // max(self._total, 1))
        text = f"{done:,} of {self._total:,}  {rate:,.0f}/s  {left // 60}:{left % 60:02} left"
        print(f"\r\x1b[K[{bar:<20}] {text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Makes room for a line of another kind."""
        if self._is_drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._is_drawn = False

"""Ctrl-C between two steps: raised within one, TensorFlow may abort or swallow it."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any


class Interruption:
    """Notes a Ctrl-C while it is entered; a second one acts at once."""

    def __init__(self) -> None:
        self._noted = False
        self._before: Any = None

    def __enter__(self) -> Interruption:
        """Takes over the signal, in the main thread."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Gives the signal back."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def check(self) -> None:
        """Call between steps.

        Raises:
            KeyboardInterrupt: Ctrl-C was noted.
        """
        if self._noted:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted = True
        print("stopping after this step; once more to stop at once", file=sys.stderr, flush=True)
        signal.signal(signal.SIGINT, self._before)

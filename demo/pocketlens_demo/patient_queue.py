"""Gradio's queue polls a thousand times a second; this one does so only when it has work."""

from __future__ import annotations

from time import monotonic
from typing import Any

from gradio.queueing import Queue

_SECONDS_AWAKE = 1
_SECONDS_BETWEEN = 0.001
_SECONDS_BETWEEN_IDLE = 0.05


class PatientQueue(Queue):
    """Polls for events 20 times a second; 1000 times while it has work and shortly after."""

    def __init__(self, blocks: Any, max_size: int) -> None:
        """Takes the page and the number of events that may wait."""
        self._awake_until = 0.0
        super().__init__(
            live_updates=True,
            concurrency_count=blocks.max_threads,
            update_intervals=1,
            max_size=max_size,
            blocks=blocks,
        )
        # For gr.Progress, which the page does not use.
        self.progress_update_sleep_when_free = 1

    def wake(self) -> None:
        """Polls often for a second: most uploads are followed by an event."""
        self._awake_until = monotonic() + _SECONDS_AWAKE

    @property
    def sleep_when_free(self) -> float:
        """Seconds until the next poll."""
        if len(self) or self.get_active_worker_count():
            self.wake()
        return _SECONDS_BETWEEN if monotonic() < self._awake_until else _SECONDS_BETWEEN_IDLE

    @sleep_when_free.setter
    def sleep_when_free(self, seconds: float) -> None:
        """Ignores the value that Gradio sets."""

"""Gradio's queue, but without its thousand looks a second while there is nothing to do."""

from __future__ import annotations

from time import monotonic
from typing import Any

from gradio.queueing import Queue

_SECONDS_AWAKE = 1
_BETWEEN_LOOKS = 0.001
_BETWEEN_LOOKS_ASLEEP = 0.05


class PatientQueue(Queue):
    """Looks for events rarely, until something is asked of the server."""

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
        # Of gr.Progress, which the page does not use.
        self.progress_update_sleep_when_free = 1

    def wake(self) -> None:
        """Looks often for a while: an upload is mostly followed by an event."""
        self._awake_until = monotonic() + _SECONDS_AWAKE

    @property
    def sleep_when_free(self) -> float:
        """Seconds until the next look."""
        if len(self) or self.get_active_worker_count():
            self.wake()
        return _BETWEEN_LOOKS if monotonic() < self._awake_until else _BETWEEN_LOOKS_ASLEEP

    @sleep_when_free.setter
    def sleep_when_free(self, seconds: float) -> None:
        """Gradio's own choice does not count."""

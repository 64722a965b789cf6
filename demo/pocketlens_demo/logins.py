"""Slows down who guesses passwords."""

from __future__ import annotations

from collections import OrderedDict
from time import monotonic

_MOST = 5
SECONDS = 60
_CLIENTS = 10_000


class Logins:
    """Counts the wrong passwords of each client in the last minute."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def note_wrong(self, client: str) -> None:
        """Counts one."""
        recent = self._recent(client)
        self._wrong[client] = [*recent, monotonic()]
        self._wrong.move_to_end(client)
        while len(self._wrong) > _CLIENTS:
            self._wrong.popitem(last=False)

    def must_wait(self, client: str) -> bool:
        """Whether there were so many that the next is not looked at."""
        return len(self._recent(client)) >= _MOST

    def _recent(self, client: str) -> list[float]:
        return [time for time in self._wrong.get(client, []) if monotonic() - time < SECONDS]

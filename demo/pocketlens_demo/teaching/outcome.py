"""What became of pictures, in sentences."""

from __future__ import annotations

from pocketlens.names import cut


class Outcome:
    """What became of pictures that were to be added.

    Attributes:
        stopped: Why the rest was not added.
        unread: What could not be read, with the reason.
    """

    def __init__(self) -> None:
        self.stopped = ""
        self.unread: list[str] = []
        self._new: dict[str, int] = {}
        self._moved: dict[tuple[str, str], int] = {}
        self._again = 0

    def note(self, label: str, before: str | None) -> None:
        """Counts a picture of a class, and the class that it was in before."""
        if before is None:
            self._new[label] = self._new.get(label, 0) + 1
        elif before == label:
            self._again += 1
        else:
            self._moved[before, label] = self._moved.get((before, label), 0) + 1

    def in_words(self) -> str:
        """The counts in sentences."""
        parts = [f"{_count(number)} of {cut(label)} added." for label, number in self._new.items()]
        if self._again:
            parts.append(f"{_count(self._again)} there already.")
        for (before, label), number in self._moved.items():
            parts.append(
                f"{_count(number)} of {cut(before)} moved to {cut(label)}: a picture has one class."
            )
        if self.unread:
            more = f" and {len(self.unread) - 1:,} more" if self.unread[1:] else ""
            parts.append(f"Not readable: {self.unread[0]}{more}.")
        return " ".join([*parts, self.stopped]).strip()


def _count(number: int) -> str:
    return "1 picture" if number == 1 else f"{number:,} pictures"

"""Which files of a folder are there as a whole and not yet answered."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock
from time import monotonic
from typing import Any

from pocketlens.pictures.folders import all_files, is_picture, is_system
from pocketlens.watching.journal import Stamp

_SECONDS_UNCHANGED = 1.0
_SECONDS_BETWEEN_SCANS = 10.0
_SHARE_OF_SCANS = 0.05
"""Of the time: a folder of a million files is gone through less often."""


class Arrivals:
    """Files that have come, told by the system or found; a handler of watchdog's events.

    The system does not tell everything (network drives, a full queue of events), so the folder is
    gone through from time to time, too.
    """

    def __init__(
        self,
        folder: Path,
        excluded: Path | None,
        is_answered: Callable[[str, Stamp], bool],
        wake: Event,
    ) -> None:
        """Takes what to watch.

        Args:
            folder: With all that is below it.
            excluded: A folder that is passed over.
            is_answered: Says whether a file, relative to the folder, needs no answer.
            wake: Set when a file has come.
        """
        self._folder = folder
        self._excluded = excluded
        self._is_answered = is_answered
        self._wake = wake
        self._lock = Lock()
        self._coming: dict[str, tuple[Stamp | None, float]] = {}
        self._no_pictures: dict[str, Stamp] = {}
        self._next_scan = 0.0

    def dispatch(self, event: Any) -> None:
        """Takes an event of watchdog, on its thread."""
        if event.is_directory or event.event_type not in ("created", "modified", "closed", "moved"):
            return
        path = os.fsdecode(event.dest_path or event.src_path)
        # Who closes or renames a file has written it.
        is_whole = event.event_type in ("closed", "moved")
        self._note(path, monotonic() - _SECONDS_UNCHANGED * is_whole)
        if is_whole:
            self._wake.set()

    def ready(self, most: int) -> list[tuple[str, Stamp]]:
        """The files, relative to the folder, that are there as a whole; so many at most."""
        if monotonic() >= self._next_scan:
            self._scan()
        with self._lock:
            coming = list(self._coming.items())
        found: list[tuple[str, Stamp]] = []
        for file, (before, since) in coming:
            if len(found) == most:
                break
            stamp = stamp_of(self._folder / file)
            if stamp is None or self._is_answered(file, stamp) or not self._is_picture(file, stamp):
                self._drop(file, since)
            elif before != stamp:
                self._keep(file, since, stamp)
            elif monotonic() - since >= _SECONDS_UNCHANGED:
                found.append((file, stamp))
                self._drop(file, since)
        return found

    def _scan(self) -> None:
        begun = monotonic()
        for path in all_files([str(self._folder)], lambda *about: None, lambda error: None):
            self._note(path, begun, again=False)
        wait = max(_SECONDS_BETWEEN_SCANS, (monotonic() - begun) / _SHARE_OF_SCANS)
        self._next_scan = monotonic() + wait

    def _note(self, path: str, since: float, again: bool = True) -> None:
        file = Path(path)
        try:
            name = file.relative_to(self._folder)
        except ValueError:  # moved out of it
            return
        if any(map(is_system, name.parts)):
            return
        if self._excluded is not None and file.is_relative_to(self._excluded):
            return
        with self._lock:
            if again or name.as_posix() not in self._coming:
                self._coming[name.as_posix()] = (stamp_of(file), since)

    def _keep(self, file: str, since: float, stamp: Stamp) -> None:
        with self._lock:
            if self._coming[file][1] == since:
                self._coming[file] = (stamp, monotonic())

    def _drop(self, file: str, since: float) -> None:
        with self._lock:
            # Unless there was another event meanwhile.
            if self._coming[file][1] == since:
                del self._coming[file]

    def _is_picture(self, file: str, stamp: Stamp) -> bool:
        if self._no_pictures.get(file) == stamp:
            return False
        if is_picture(str(self._folder / file)):
            return True
        self._no_pictures[file] = stamp
        return False


def stamp_of(path: Path) -> Stamp | None:
    """Size and time of the last change; None where there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns

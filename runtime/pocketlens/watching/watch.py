"""Answers the pictures that arrive in a folder until it is told to stop."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from threading import Event
from typing import Any

from pocketlens.classifier import Classifier
from pocketlens.errors import FileError, FileMissingError, PocketLensError
from pocketlens.extras import requires_extra
from pocketlens.watching.arrivals import Arrivals
from pocketlens.watching.journal import Journal, Stamp
from pocketlens.watching.moving import REJECTED, check_labels, move

_SECONDS_BETWEEN_LOOKS = 0.2
_AT_ONCE = 256


class Watch:
    """A folder, a model, and the journal of what was answered.

    Attributes:
        answered: Pictures so far.
        failed: Those that could not be read.
    """

    def __init__(
        self, folder: Path, model: Classifier, name: str, journal: Journal, into: Path | None
    ) -> None:
        """Takes what to watch.

        Args:
            folder: With all that is below it.
            model: It answers.
            name: Its name, for the journal.
            journal: Where the answers go.
            into: Where answered pictures are moved, by label; None: they stay.

        Raises:
            SettingError: A label cannot name a folder.
            FileMissingError: There is no such folder.
            MissingExtraError: watchdog is not installed.
        """
        with requires_extra("watch", "watchdog"):
            from watchdog.observers import Observer
        if not folder.is_dir():
            raise FileMissingError(f"{folder}: no such folder")
        if into is not None:
            check_labels(model.labels)
        self.answered = self.failed = 0
        self._folder = folder.resolve()
        self._into = into and into.resolve()
        self._model = model
        self._name = name
        self._journal = journal
        self._wake = Event()
        self._stopped = False
        self._arrivals = Arrivals(self._folder, self._into, self._is_done, self._wake)
        self._observer = Observer()

    def run(self) -> None:
        """Answers until stop() is called; what it has begun is written."""
        self._observer.schedule(self._arrivals, str(self._folder), recursive=True)
        try:
            self._observer.start()
        except OSError as error:
            # Not "from error": its number says "no space", and means watches.
            raise FileError(
                f"{self._folder}: cannot be watched ({error}); the system may allow more "
                "(sysctl fs.inotify)"
            ) from None
        try:
            while not self._stopped:
                self._wake.clear()
                self._answer(self._arrivals.ready(_AT_ONCE))
                self._wake.wait(_SECONDS_BETWEEN_LOOKS)
        finally:
            self._observer.stop()
            self._observer.join()

    def stop(self) -> None:
        """Ends run(); may be called by a signal's handler."""
        self._stopped = True

    def _is_done(self, file: str, stamp: Stamp) -> bool:
        if not self._journal.has(file, stamp):
            return False
        # It was answered, and the end came before it was moved.
        self._move(file, self._journal.rows[file])
        return True

    def _answer(self, files: list[tuple[str, Stamp]]) -> None:
        paths = [self._folder / file for file, _ in files]
        written = []
        for (file, stamp), answer in zip(files, self._model.predict_many(paths), strict=False):
            if isinstance(answer, FileMissingError):
                continue
            if isinstance(answer, PocketLensError):
                self.failed += 1
                row: dict[str, Any] = {"error": str(answer)}
            else:
                self.answered += 1
                row = answer.to_dict(len(answer.scores))
            time = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
            self._journal.add(file, stamp, row | {"model": self._name, "time": time})
            written.append((file, row))
            if self._stopped:
                break
        if written and self._into is not None:
            self._journal.save()
            for file, row in written:
                self._move(file, row)

    def _move(self, file: str, row: Mapping[str, Any]) -> None:
        label = row.get("label")
        if self._into is None or label is None:
            return
        with suppress(FileMissingError):
            move(self._folder / file, self._into, REJECTED if row.get("rejected") else label)

"""The folder that uploads lie in: how many bytes, for how long."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from types import TracebackType

from pocketlens.errors import FileError

MINUTES_KEPT = 10
_STALLED_AFTER = 60
_SECONDS_BETWEEN = 10


class UploadFolder:
    """A folder of this process alone, which Gradio uses, and which is gone with it.

    Gradio itself forgets uploads that a client has broken off or that found the disk full.

    Attributes:
        path: The folder.
    """

    def __init__(self) -> None:
        """Makes the folder, in GRADIO_TEMP_DIR or where the system has its temporary files.

        Raises:
            FileError: It cannot be made.
        """
        self._parent = os.environ.get("GRADIO_TEMP_DIR")
        try:
            if self._parent:
                Path(self._parent).mkdir(parents=True, exist_ok=True)
            self._directory = TemporaryDirectory(
                prefix="pocketlens-", dir=self._parent, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise FileError(
                f"{error.filename}: no folder for uploads can be made ({error.strerror}); "
                "GRADIO_TEMP_DIR may name another place"
            ) from error
        self.path = Path(self._directory.name).resolve()
        self._kept: set[Path] = set()
        self._closed = Event()
        os.environ["GRADIO_TEMP_DIR"] = str(self.path)

    def __enter__(self) -> UploadFolder:
        """Gives itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Removes the folder."""
        self._closed.set()
        self._directory.cleanup()
        del os.environ["GRADIO_TEMP_DIR"]
        if self._parent:
            os.environ["GRADIO_TEMP_DIR"] = self._parent

    def stored(self) -> int:
        """The bytes in it."""
        return sum(status.st_size for _, status in self._files())

    def remove_in_time(self) -> None:
        """Begins to remove what gets too old; what is there now, such as examples, is kept."""
        self._kept = {file for file, _ in self._files()}
        Thread(target=self._run, daemon=True).start()

    def remove_old(self, now: float) -> None:
        """Removes what was written MINUTES_KEPT ago, and uploads that have come to a halt."""
        for file, status in self._files():
            is_partial = file.parent == self.path
            most = _STALLED_AFTER if is_partial else MINUTES_KEPT * 60
            if file not in self._kept and now - status.st_mtime > most:
                file.unlink(missing_ok=True)
                if not is_partial:
                    try:
                        file.parent.rmdir()
                    except OSError:  # not empty
                        continue

    def _run(self) -> None:
        while not self._closed.wait(_SECONDS_BETWEEN):
            self.remove_old(time.time())

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for parent, _, names in os.walk(self.path):
            for name in names:
                file = Path(parent, name)
                try:
                    found.append((file, file.stat()))
                except FileNotFoundError:  # removed meanwhile
                    continue
        return found

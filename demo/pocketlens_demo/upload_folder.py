"""The folder that uploads lie in: how many bytes, for how long."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from pocketlens.errors import FileError
from pocketlens_demo.limits import MINUTES_KEPT

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PREFIX = "pocketlens-"
_LOCK = ".lock"
_STALLED_AFTER = 60
_SECONDS_BETWEEN = 10


@contextmanager
def upload_folder() -> Iterator[UploadFolder]:
    """A folder in GRADIO_TEMP_DIR, or where the system has its temporary files, for Gradio to use.

    No other process uses it, and it is removed at the end.

    Raises:
        FileError: The folder cannot be made.
    """
    parent = os.environ.get("GRADIO_TEMP_DIR")
    try:
        if parent:
            Path(parent).mkdir(parents=True, exist_ok=True)
        directory = TemporaryDirectory(prefix=_PREFIX, dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise FileError(
            f"{error.filename}: no folder for uploads can be made ({error.strerror}); "
            "GRADIO_TEMP_DIR may name another place"
        ) from error
    with directory as path, _marked_as_used(Path(path)):
        folder = UploadFolder(Path(path).resolve())
        _remove_abandoned(folder.path)
        os.environ["GRADIO_TEMP_DIR"] = str(folder.path)
        try:
            yield folder
        finally:
            folder.closed.set()
            del os.environ["GRADIO_TEMP_DIR"]
            if parent:
                os.environ["GRADIO_TEMP_DIR"] = parent


@contextmanager
def _marked_as_used(folder: Path) -> Iterator[None]:
    """Holds a lock, which the system releases however the process ends."""
    with (folder / _LOCK).open("w") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _remove_abandoned(own: Path) -> None:
    """Removes what killed processes have left beside this folder."""
    for folder in own.parent.glob(f"{_PREFIX}*"):
        if not fcntl or folder == own:
            continue
        try:
            with (folder / _LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # in use, of another user, or none of ours
            continue


class UploadFolder:
    """Counts and removes uploads; Gradio itself never removes those that a client has broken off.

    Attributes:
        path: The folder.
        teaching: A folder in it, from which nothing is removed.
        closed: Set it to end the thread that remove_in_time() starts.
    """

    def __init__(self, path: Path) -> None:
        """Takes the folder."""
        self.path = path
        self.teaching = path / "teaching"
        self.closed = Event()
        self._kept: set[Path] = set()

    def stored(self) -> int:
        """The bytes of all files in the folder."""
        return sum(status.st_size for _, status in self._files())

    def remove_in_time(self) -> None:
        """Starts a thread that removes old files; those there now, such as examples, are kept."""
        self._kept = {file for file, _ in self._files()}
        Thread(target=self._run, daemon=True).start()

    def remove_old(self, now: float) -> None:
        """Removes files older than MINUTES_KEPT, and partial uploads that have stopped growing."""
        for file, status in self._files():
            if file.name == _LOCK or file.is_relative_to(self.teaching):
                continue
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
        while not self.closed.wait(_SECONDS_BETWEEN):
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

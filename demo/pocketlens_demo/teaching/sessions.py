"""The visitors who teach: each has a folder, and a model, that no other visitor sees."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import RLock, Timer
from time import monotonic

from pocketlens.classifier import Classifier
from pocketlens.errors import SettingError
from pocketlens.loading import load_model
from pocketlens_demo.limits import MAX_TEACHERS
from pocketlens_demo.teaching.lesson import Lesson
from pocketlens_demo.teaching.pictures import Pictures

SECONDS_AWAY = 60
"""A phone closes the connection while it shows another app, as to take a photo."""
_SECONDS_IDLE = 3600


class Session:
    """What one visitor teaches.

    Attributes:
        key: What nobody else knows: names the model in requests.
        pictures: The classes.
        model: What has been taught; None: nothing yet.
        is_used: Whether the other tabs answer by it.
        used_at: When the visitor did something last, by monotonic().
    """

    def __init__(self, folder: Path) -> None:
        """Takes a folder that is not there yet."""
        self._folder = folder
        self.key = folder.name
        self.pictures = Pictures(folder / "pictures")
        self.model_file = folder / "taught.onnx"
        self.model: Classifier | None = None
        self.is_used = False
        self.used_at = monotonic()
        self._lesson: Lesson | None = None

    def teach(self) -> Iterator[str]:
        """Learns the pictures, and yields the progress; then `model` answers.

        Raises:
            PocketLensError: There is too little to learn from, or it failed.
            OSError: The disk is full.
        """
        self.pictures.check_enough()
        if self._lesson:
            raise SettingError("The pictures are being learnt already.")
        self.pictures.is_locked = True
        try:
            self._lesson = Lesson(self.pictures.folder, self.model_file)
            yield from self._lesson.progress()
            self.model = load_model(self.model_file)
        finally:
            self._lesson = None
            self.pictures.is_locked = False

    def switch(self) -> None:
        """Lets the other tabs answer by the model, or no longer; without a model they never do."""
        # A page that was away for long has a new session.
        self.is_used = self.model is not None and not self.is_used

    def zip_file(self) -> Path:
        """All pictures in one file; see Pictures.as_zip()."""
        file = self._folder / "pictures.zip"
        self.pictures.as_zip(file)
        return file

    def stop(self) -> None:
        """Stops the teaching."""
        if self._lesson:
            self._lesson.stop()

    def close(self) -> None:
        """Stops the teaching, and removes everything."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class Sessions:
    """The sessions by the hash that Gradio gives each opened page."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder for the folders of all sessions."""
        self._folder = folder
        self._sessions: dict[str, Session] = {}
        self._lock = RLock()
        self._is_closed = False

    def of(self, session_hash: str | None) -> Session:
        """The session of a page, begun if need be.

        Raises:
            SettingError: MAX_TEACHERS visitors have one already, or the page is stopped.
        """
        key = session_hash or ""
        with self._lock:
            if self._is_closed:
                raise SettingError("The page is being stopped.")
            if key not in self._sessions:
                self._remove_unused_since(monotonic() - _SECONDS_IDLE, *self._sessions)
                if len(self._sessions) >= MAX_TEACHERS:
                    raise SettingError(
                        f"{MAX_TEACHERS} visitors are teaching already; try again later."
                    )
                # Files are served to whoever knows their path.
                self._sessions[key] = Session(self._folder / secrets.token_urlsafe(16))
            session = self._sessions[key]
            session.used_at = monotonic()
            return session

    def taught(self, key: str) -> Classifier | None:
        """The model of the session with this key; None: nothing has been taught there."""
        with self._lock:
            found = [each for each in self._sessions.values() if each.key == key]
        return found[0].model if found else None

    def leave(self, session_hash: str | None) -> None:
        """Stops what a closed page was doing; its session ends if it is not back soon."""
        left_at = monotonic()
        if session := self._sessions.get(session_hash or ""):
            session.stop()
            timer = Timer(SECONDS_AWAY, self._remove_unused_since, [left_at, session_hash])
            timer.daemon = True
            timer.start()

    def close_all(self) -> None:
        """Ends all sessions; none begins after that, as for a visitor whose lesson waited."""
        self._is_closed = True
        self._remove_unused_since(monotonic(), *self._sessions)

    def _remove_unused_since(self, moment: float, *keys: str) -> None:
        with self._lock:
            for key in keys:
                session = self._sessions.get(key)
                if session and session.used_at <= moment:
                    del self._sessions[key]
                    session.close()

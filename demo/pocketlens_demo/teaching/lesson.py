"""Runs `pocketlens teach` on a folder of pictures."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

from pocketlens.errors import ModelError
from pocketlens.extras import install_line
from pocketlens_demo.limits import SECONDS_TO_TEACH

COMMAND = [sys.executable, "-m", "pocketlens", "teach"]
_LIBRARIES = ("onnx", "sklearn")
_SECONDS_BETWEEN = 0.1
_END = 2000
_PREFIX = "pocketlens: error: "


def missing_line() -> str:
    """The pip line that teaching needs; "": it is all there."""
    return "" if all(map(find_spec, _LIBRARIES)) else install_line("teach")


class Lesson:
    """The command in a process of its own: it can be stopped, and takes its memory with it."""

    def __init__(self, pictures: Path, out: Path) -> None:
        """Starts it.

        Args:
            pictures: The folder with one sub-folder for each class.
            out: The .onnx file to be written; what the command prints lies beside it.

        Raises:
            OSError: Nothing can be written there.
        """
        self._pictures = pictures
        self._printed, self._errors = out.with_suffix(".log"), out.with_suffix(".err")
        with self._printed.open("wb") as printed, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [*COMMAND, str(pictures), "--out", str(out)],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=errors,
            )
        self._is_stopped = False
        self._end = monotonic() + SECONDS_TO_TEACH

    def progress(self) -> Iterator[str]:
        """Yields the last line that the command has printed, until it ends.

        Raises:
            ModelError: It failed, was stopped or took longer than SECONDS_TO_TEACH.
        """
        try:
            while self._process.poll() is None:
                if monotonic() > self._end:
                    raise ModelError(
                        f"Teaching took more than {SECONDS_TO_TEACH // 60} minutes and was "
                        "stopped: take fewer pictures."
                    )
                yield _last_line(self._printed)
                try:
                    self._process.wait(_SECONDS_BETWEEN)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            self._kill()
        if self._is_stopped:
            raise ModelError("Stopped, because the page was away: teach again.")
        code = self._process.returncode
        if code < 0:
            raise ModelError("Teaching was ended, as where memory is full: take fewer pictures.")
        if code:
            said = _last_line(self._errors) or f"ended with {code}"
            raise ModelError(self._without_paths(said.removeprefix(_PREFIX)))

    def stop(self) -> None:
        """Ends the command for a page that is closed; progress() says so."""
        self._is_stopped = True
        self._kill()

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _without_paths(self, text: str) -> str:
        inside = text.replace(f"{self._pictures}{os.sep}", "")
        return inside.replace(str(self._pictures), "the pictures")


def _last_line(file: Path) -> str:
    try:
        with file.open("rb") as printed:
            printed.seek(max(0, file.stat().st_size - _END))
            lines = printed.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:  # the visitor has gone
        return ""
    return lines[-1] if lines else ""

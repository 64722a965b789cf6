"""The file of answers, which is also the record of what has been answered."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TypeAlias

from pocketlens.errors import FileError

Stamp: TypeAlias = tuple[int, int]
"""Size and time of the last change, in nanoseconds: a file's name may come again."""


class Journal:
    """JSON lines, one for each picture; a line is there whole or not at all.

    Attributes:
        rows: The latest line of each file.
    """

    def __init__(self, file: Path) -> None:
        """Opens or makes the file, and takes off a line that was cut off.

        Raises:
            FileError: It cannot be written, another process writes it, or it is no such file.
        """
        self._file = file
        try:
            self._stream: BinaryIO = file.open("a+b")
        except OSError as error:
            raise FileError(f"{file}: cannot be written ({error.strerror})") from error
        try:
            self._lock()
            self.rows: dict[str, dict[str, Any]] = {}
            self._read()
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Journal:
        """The journal."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the file."""
        self._stream.close()

    def has(self, file: str, stamp: Stamp) -> bool:
        """Whether the file, as it is now, has a line."""
        row = self.rows.get(file)
        return row is not None and (row["size"], row["modified"]) == stamp

    def add(self, file: str, stamp: Stamp, answer: Mapping[str, Any]) -> None:
        """Writes a line."""
        size, modified = stamp
        row = {"file": file, **answer, "size": size, "modified": modified}
        text = json.dumps(row, ensure_ascii=False)
        self._stream.write(text.encode("utf-8", "backslashreplace") + b"\n")
        self._stream.flush()
        self._remember(row)

    def save(self) -> None:
        """Has the lines written to the disk itself."""
        os.fsync(self._stream.fileno())

    def _remember(self, row: dict[str, Any]) -> None:
        self.rows[row["file"]] = {
            key: row.get(key) for key in ("size", "modified", "label", "rejected")
        }

    def _read(self) -> None:
        self._stream.seek(0)
        end = 0
        for number, line in enumerate(self._stream, start=1):
            if not line.endswith(b"\n"):
                self._stream.truncate(end)
                break
            end += len(line)
            try:
                row = json.loads(line)
                self._remember({"size": row["size"], "modified": row["modified"], **row})
            except (ValueError, KeyError, TypeError) as error:
                raise FileError(
                    f"{self._file}: line {number} is none that `watch` has written; "
                    "name another file"
                ) from error

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FileError(f"{self._file}: another process writes it") from error

"""Where the names of the pictures come from: folders, or a list."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketlens.errors import FileError, FileMissingError, SettingError
from pocketlens.names import printable
from pocketlens.pictures.folders import PassedOver, all_files, is_folder, is_picture
from pocketlens.scoring import remote

_PIECE = 2**20


@dataclass(frozen=True)
class Sources:
    """Folders, or a text file with the path or URI of a picture on each line.

    Attributes:
        folders: Paths or URIs; with all that is below them.
        list_file: The text file; relative paths in it are relative to the working directory.
    """

    folders: tuple[str, ...] = ()
    list_file: Path | None = None

    def check(self) -> None:
        """Looks whether the folders are still there.

        Raises:
            FileMissingError: One is not, or is empty, as when its disk is not mounted.
            SettingError: One is a file.
        """
        for folder in filter(_is_local, self.folders):
            if Path(folder).is_file():
                raise SettingError(
                    f"{folder}: is a file; --out goes with folders, or with --list FILE, "
                    "a text file with a path a line"
                )
            if not is_folder(folder):
                raise FileMissingError(f"{folder}: no such folder; run this again when it is there")
            try:
                with os.scandir(folder) as entries:
                    is_empty = next(entries, None) is None
            except OSError as error:
                raise FileError(f"{folder}: cannot be read ({error.strerror})") from error
            if is_empty:
                raise FileMissingError(
                    f"{folder}: is empty, expected pictures; is its disk mounted?"
                )

    def identity(self) -> dict[str, Any]:
        """What tells them from other sources, for the manifest.

        Raises:
            FileMissingError: There is no such list.
            FileError: It cannot be read.
        """
        if self.list_file is None:
            return {"folders": list(self.folders)}
        digest = hashlib.sha256()
        with _opened(self.list_file) as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
        return {"list": digest.hexdigest()}

    def names(self, takes: Callable[[str], bool]) -> Iterator[str]:
        """Yields the names that `takes` takes, of pictures alone where they come from folders.

        Raises:
            FileError: A folder below, or the list, cannot be read.
        """
        if self.list_file is not None:
            yield from filter(takes, _lines(self.list_file))
            return
        passed = PassedOver()
        for folder in self.folders:
            if not _is_local(folder):
                yield from filter(takes, remote.pictures_below(folder))
                continue
            for file in all_files([folder], passed.add, _refuse):
                if takes(file) and is_picture(file):
                    yield file

    def __str__(self) -> str:
        """For messages."""
        return ", ".join(self.folders) if self.list_file is None else str(self.list_file)


def _is_local(name: str) -> bool:
    return not remote.is_uri(name)


def _lines(file: Path) -> Iterator[str]:
    with _opened(file) as stream:
        for number, line in enumerate(stream):
            # A list that was made on Windows.
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
            if name := text.rstrip(b"\r\n"):
                if b"\0" in name:
                    raise FileError(f"{file}: is no text, expected the path of a picture a line")
                yield os.fsdecode(name)


def _opened(file: Path) -> Any:
    try:
        return file.open("rb")
    except FileNotFoundError as error:
        raise FileMissingError(f"{file}: no such file, expected a list of pictures") from error
    except OSError as error:
        raise FileError(f"{file}: cannot be read ({error.strerror})") from error


def _refuse(error: OSError) -> None:
    raise FileError(
        f"{printable(str(error.filename))}: cannot be read ({error.strerror}); "
        "allow it, or name folders without it"
    ) from error

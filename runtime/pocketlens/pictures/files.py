"""Files -> bytes, within limits."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pocketlens.errors import FileError, FileMissingError, ImageError, check_positive


@dataclass(frozen=True)
class Limits:
    """How large a picture may be before it is refused, unread or undecoded.

    Attributes:
        max_pixels: Width times height.
        max_bytes: Of the file.
    """

    max_pixels: int = 64_000_000
    max_bytes: int = 256_000_000

    def __post_init__(self) -> None:
        """Refuses limits that are no numbers above zero."""
        check_positive(**vars(self))

    def check_size(self, width: int, height: int) -> None:
        """Refuses a picture that is too large, or has no pixel.

        Raises:
            ImageError: It is.
        """
        if not width or not height:
            raise ImageError(f"{width}x{height} pixels, expected one at least")
        if width * height > self.max_pixels:
            raise ImageError(
                f"{width}x{height} pixels, at most {self.max_pixels} are decoded (max_pixels)"
            )


DEFAULT_LIMITS = Limits()
_URL = re.compile(r"(https?|ftps?|sftp|s3|gs|file|data|blob):", re.IGNORECASE)


def read_bytes(path: str | os.PathLike[str], max_bytes: int | None = None) -> bytes:
    """Reads a regular file whole.

    Raises:
        FileMissingError: The path does not exist.
        FileError: It is a folder or a device, may not be read, or has more than `max_bytes`.
    """
    with _opened(path) as stream:
        data = stream.read() if max_bytes is None else stream.read(max_bytes + 1)
    if max_bytes is not None and len(data) > max_bytes:
        raise FileError(f"{Path(path)}: larger than {max_bytes} bytes (max_bytes)")
    return data


def read_start(path: str | os.PathLike[str], size: int) -> bytes:
    """Reads the first `size` bytes of a regular file, or all where it has fewer.

    Raises:
        FileMissingError: The path does not exist.
        FileError: It is a folder or a device, or may not be read.
    """
    with _opened(path) as stream:
        return stream.read(size)


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    file = Path(path)
    try:
        _check_regular(file, file.stat())
        # It may be another one by now, and a pipe would keep an ordinary open() waiting.
        with open(file, "rb", opener=_open_at_once) as stream:
            _check_regular(file, os.fstat(stream.fileno()))
            yield stream
    except FileError:
        raise
    except (OSError, ValueError) as error:
        if _URL.match(os.fspath(path)):
            raise FileMissingError(
                f"{os.fspath(path):.100}: is a URL, expected a file: download it first"
            ) from error
        if isinstance(error, (FileNotFoundError, NotADirectoryError, ValueError)):
            raise FileMissingError(f"{file}: no such file") from error
        raise FileError(f"{file}: cannot be read ({error.strerror})") from error


def _check_regular(file: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "folder" if stat.S_ISDIR(status.st_mode) else "device or pipe"
        raise FileError(f"{file}: is a {kind}, not a file")


def _open_at_once(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

"""Pictures on another file system that pyarrow reads, such as s3://bucket/a.jpg."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pocketlens.errors import FileError, FileMissingError
from pocketlens.extras import requires_extra
from pocketlens.pictures.folders import has_picture_suffix, is_system

_URI = re.compile(r"[a-z][a-z0-9+.-]+://")


def is_uri(name: str) -> bool:
    """Whether a name is no path, but has a scheme."""
    return _URI.match(name) is not None


def read_uri(uri: str, max_bytes: int) -> bytes:
    """Reads a file whole.

    Raises:
        FileMissingError: There is none.
        FileError: It cannot be read, or has more than `max_bytes`.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        files, path = _file_system(uri)
        with files.open_input_stream(path) as stream:
            data: bytes = stream.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise FileMissingError(f"{uri}: no such file") from error
    except OSError as error:
        raise FileError(f"{uri}: cannot be read ({error})") from error
    if len(data) > max_bytes:
        raise FileError(f"{uri}: larger than {max_bytes} bytes (max_bytes)")
    return data


def pictures_below(folder: str) -> Iterator[str]:
    """Yields the URI of every file below a folder whose name is a picture's, sorted.

    None is opened: each would be a request.

    Raises:
        FileError: The folder cannot be read.
        MissingExtraError: pyarrow is not installed.
    """
    files, top = _file_system(folder)
    root = folder.rstrip("/")
    waiting = [top.rstrip("/")]
    while waiting:
        parent = waiting.pop()
        for entry in _entries(files, parent, folder):
            if is_system(entry.base_name):
                continue
            if entry.type.name == "Directory":
                waiting.append(entry.path)
            elif has_picture_suffix(entry.base_name):
                yield root + entry.path.removeprefix(top.rstrip("/"))


def _entries(files: Any, parent: str, folder: str) -> list[Any]:
    from pyarrow.fs import FileSelector

    try:
        entries = files.get_file_info(FileSelector(parent))
    except OSError as error:
        raise FileError(f"{folder}: cannot be read ({error})") from error
    return sorted(entries, key=lambda entry: str(entry.path))


def _file_system(uri: str) -> tuple[Any, str]:
    scheme, _, rest = uri.partition("://")
    host, _, path = rest.partition("/")
    files, start = _root(f"{scheme}://{host}")
    return files, f"{start}/{path}"


@lru_cache(maxsize=8)
def _root(uri: str) -> tuple[Any, str]:
    with requires_extra("ray", "pyarrow"):
        from pyarrow.fs import FileSystem
    try:
        files, path = FileSystem.from_uri(f"{uri}/")
    except (OSError, ValueError) as error:
        raise FileError(
            f"{uri}: cannot be read ({error}), expected a URI that pyarrow reads, such as s3://"
        ) from error
    return files, path.rstrip("/")

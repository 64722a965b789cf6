"""Photos that visitors have corrected, kept in a folder that `pocketlens train` takes."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from secrets import token_urlsafe
from tempfile import NamedTemporaryFile
from threading import Lock

import cv2

from pocketlens.errors import FileError, SettingError
from pocketlens.names import cut, listed
from pocketlens.pictures.decoding import decode
from pocketlens.pictures.depth import HIGH_BITS
from pocketlens.pictures.folders import is_system
from pocketlens_demo.limits import MAX_CORRECTED
from pocketlens_demo.uploads import shrunk

_LONGEST_NAME = 255
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_SIDE = 1024
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 92]


class Corrections:
    """FOLDER/<class>/<hash>.jpg, one file a photo; safe to share between threads.

    Photos of none of the classes are kept beside it, as FOLDER-neither/<hash>.jpg: in FOLDER,
    training would take them for a class.
    """

    def __init__(self, folder: Path, labels: tuple[str, ...], depth: str = HIGH_BITS) -> None:
        """Makes the folders of the classes; `depth` is that of the model's preprocessing.

        Raises:
            SettingError: A label cannot name a folder, or two of them name the same.
            FileError: The folders cannot be made or written to.
        """
        for label in labels:
            if reason := unfit(label):
                raise SettingError(
                    f"the label {cut(label)!r} cannot name a folder of {folder} ({reason}); "
                    "name the class otherwise, or serve the page without collecting"
                )
        self._folders: dict[str | None, Path] = {label: folder / label for label in labels}
        self._depth = depth
        self._lock = Lock()
        try:
            for each in self._folders.values():
                each.mkdir(parents=True, exist_ok=True)
                NamedTemporaryFile(dir=each, prefix=".").close()
        except OSError as error:
            place = error.filename or folder
            raise FileError(f"{place}: cannot be written ({error.strerror})") from error
        self._check_apart()
        self._folders[None] = folder.with_name(f"{folder.name}-neither")
        self._kept: dict[str, tuple[Path, Path | None]] = {}

    def keep(self, photo: bytes, label: str | None) -> str:
        """Stores a photo in the folder of its class; the latest label of a photo counts.

        The photo is encoded again, at most 1024 pixels a side: no EXIF data is kept.

        Args:
            photo: The bytes of a picture file.
            label: What it shows; None: none of the classes.

        Returns:
            A key for undo().

        Raises:
            SettingError: There is no such class, or MAX_CORRECTED photos are kept already.
            ImageError: The photo cannot be decoded.
        """
        if label not in self._folders:
            labels = [each for each in self._folders if each is not None]
            raise SettingError(f"got {label!r}, expected one of {listed(labels)}")
        content = encoded(photo, self._depth)
        name = f"{hashlib.sha256(content).hexdigest()[:32]}.jpg"
        path = self._folders[label] / name
        with self._lock:
            earlier = [folder / name for folder in self._folders.values()]
            before = next((each for each in earlier if each.exists()), None)
            path.parent.mkdir(exist_ok=True)
            if before:
                before.replace(path)
            elif sum(map(_count, self._folders.values())) >= MAX_CORRECTED:
                raise SettingError(f"{MAX_CORRECTED:,} photos are kept already; no room for more")
            else:
                write_whole(path, content)
            key = token_urlsafe(12)
            self._kept[key] = path, before
            if len(self._kept) > MAX_CORRECTED:
                del self._kept[next(iter(self._kept))]
        return key

    def undo(self, key: str) -> None:
        """Takes back what keep() did, once; a photo that was kept before stays where it was.

        Raises:
            SettingError: There is nothing to take back.
        """
        with self._lock:
            path, before = self._kept.pop(key, (None, None))
            if path is None or not path.exists():
                raise SettingError("this is not kept any more")
            if before is None:
                path.unlink()
            else:
                path.replace(before)

    def _check_apart(self) -> None:
        """Two labels may name one folder: Cat and cat on a file system that ignores case."""
        labels: dict[tuple[int, int], str] = {}
        for label, folder in self._folders.items():
            assert label is not None
            status = folder.stat()
            other = labels.setdefault((status.st_dev, status.st_ino), label)
            if other != label:
                raise SettingError(
                    f"the labels {cut(other)!r} and {cut(label)!r} name one folder here, {folder}; "
                    "name the classes otherwise, or serve the page without collecting"
                )


def unfit(label: str) -> str:
    """Why a folder cannot have this label as its name, or training passes it over; "": it can."""
    if label != Path(label).name or label in (".", ".."):
        return "it is a path"
    if is_system(label):
        return "training passes such a folder over"
    if len(os.fsencode(label)) > _LONGEST_NAME:
        return f"longer than {_LONGEST_NAME} bytes"
    if _DEVICE.fullmatch(label):
        return "a device of Windows, where no folder may be called so"
    return ""


def encoded(photo: bytes, depth: str = HIGH_BITS, longest_side: int = _LONGEST_SIDE) -> bytes:
    """The photo as a JPEG without EXIF data, at most `longest_side` pixels a side."""
    pixels = decode(photo, min_size=(longest_side, longest_side), depth=depth)
    small = shrunk(pixels, longest_side)
    return cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), _QUALITY)[1].tobytes()


def _count(folder: Path) -> int:
    return sum(1 for _ in os.scandir(folder)) if folder.exists() else 0


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()

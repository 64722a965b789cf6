"""Photos that visitors have corrected, kept in a folder that `pocketlens train` takes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock

import cv2

from pocketlens.decoding import decode
from pocketlens.depth import HIGH_BITS
from pocketlens.errors import FileError, SettingError
from pocketlens_demo.pictures import LIMITS, shrunk

MAX_KEPT = 10_000
_LONGEST_SIDE = 1024
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 92]


class Collection:
    """FOLDER/<class>/<hash>.jpg, one file a photo; safe to share between threads."""

    def __init__(self, folder: Path, labels: tuple[str, ...], depth: str = HIGH_BITS) -> None:
        """Makes the folders of the classes; `depth` is that of the model's preprocessing.

        Raises:
            SettingError: A label cannot name a folder.
            FileError: The folders cannot be made or written to.
        """
        for label in labels:
            if label != Path(label).name or label.startswith("."):
                raise SettingError(f"the label {label!r} cannot name a folder of {folder}")
        self._folders = {label: folder / label for label in labels}
        self._depth = depth
        self._lock = Lock()
        try:
            for each in self._folders.values():
                each.mkdir(parents=True, exist_ok=True)
                NamedTemporaryFile(dir=each, prefix=".").close()
        except OSError as error:
            place = error.filename or folder
            raise FileError(f"{place}: cannot be written ({error.strerror})") from error

    def keep(self, photo: bytes, label: str) -> str:
        """Stores a photo in the folder of its class; the last word on a photo counts.

        It is encoded again, no larger than 1024 pixels, so that nothing but the picture is kept.

        Args:
            photo: The bytes of a picture file.
            label: What it shows.

        Returns:
            What was done, in a sentence.

        Raises:
            SettingError: There is no such class, or MAX_KEPT photos are there already.
            ImageError: The photo cannot be decoded.
        """
        if label not in self._folders:
            raise SettingError(f"got {label!r}, expected one of {', '.join(self._folders)}")
        content = _encoded(photo, self._depth)
        name = f"{hashlib.sha256(content).hexdigest()[:32]}.jpg"
        with self._lock:
            earlier = [folder / name for folder in self._folders.values()]
            earlier = [path for path in earlier if path.exists()]
            if earlier:
                earlier[0].replace(self._folders[label] / name)
            elif sum(_count(folder) for folder in self._folders.values()) >= MAX_KEPT:
                raise SettingError(f"{MAX_KEPT:,} photos are kept already; no room for more")
            else:
                _write(self._folders[label] / name, content)
        return f"Kept as {label}. Thank you."


def _encoded(photo: bytes, depth: str) -> bytes:
    size = _LONGEST_SIDE, _LONGEST_SIDE
    pixels = decode(photo, min_size=size, depth=depth, limits=LIMITS)
    small = shrunk(pixels, _LONGEST_SIDE)
    return cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), _QUALITY)[1].tobytes()


def _count(folder: Path) -> int:
    return sum(1 for _ in os.scandir(folder))


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

"""The one pass over a folder's files: facts, digests, features, thumbnails."""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import disk_usage
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.checking.facts import PictureFacts, picture_facts
from pocketlens.checking.findings import UNREADABLE, Finding
from pocketlens.checking.folder import Folder
from pocketlens.engine.cores import usable_cores
from pocketlens.engine.parallel import map_in_order
from pocketlens.errors import FileError, ImageError
from pocketlens.features.extractor import bundled_extractor, default_preprocessing
from pocketlens.learning.linear_head import Indices
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.depth import OWN_RANGE
from pocketlens.pictures.files import DEFAULT_LIMITS, read_bytes
from pocketlens.pictures.preprocessing import decode_for, preprocess

THUMBNAIL = 48
"""Side of a grey thumbnail: what tells near duplicates from pictures that are alike."""
_FEATURES = 320

Looked = tuple[npt.NDArray[np.float32], Pixels]


class _Read(NamedTuple):
    digest: bytes
    facts: PictureFacts
    looked: Looked | None


@dataclass(frozen=True)
class Seen:
    """The N pictures that could be read.

    Attributes:
        rows: For each its place among the folder's files.
        facts: Of each.
        first: For each the first picture with the same bytes; itself where there is none before.
        features: N x E, float16, on the disk; zeros for one that repeats another's bytes.
        thumbnails: N x THUMBNAIL x THUMBNAIL, grey, on the disk.
        unreadable: The files that could not be read.
    """

    rows: Indices
    facts: tuple[PictureFacts, ...]
    first: Indices
    features: Any
    thumbnails: Any
    unreadable: tuple[Finding, ...]


def read_folder(folder: Folder, show: Callable[[Iterable[Any]], Iterable[Any]]) -> Seen:
    """Reads every file once.

    Args:
        folder: The files.
        show: Goes through as many results as there are files, and shows how far it is.

    Raises:
        FileError: There is no room for what is kept of each.
    """
    count = len(folder.files)
    features = _on_disk((count, _FEATURES), np.float16)
    thumbnails = _on_disk((count, THUMBNAIL, THUMBNAIL), np.uint8)
    rows: list[int] = []
    facts: list[PictureFacts] = []
    first: list[int] = []
    unreadable = []
    first_with: dict[bytes, int] = {}
    paths = [folder.folder / file for file in folder.files]
    for place, read in enumerate(show(_read(paths, _looker()))):
        if isinstance(read, str):
            unreadable.append(Finding(UNREADABLE, folder.files[place], read, exclude=True))
            continue
        row = len(rows)
        first.append(first_with.setdefault(read.digest, row))
        if first[-1] == row and read.looked:
            features[row], thumbnails[row] = read.looked
        rows.append(place)
        facts.append(read.facts)
    kept = len(rows)
    return Seen(
        np.array(rows, np.intp),
        tuple(facts),
        np.array(first, np.intp),
        features[:kept],
        thumbnails[:kept],
        tuple(unreadable),
    )


def read_facts(paths: Sequence[Path]) -> Iterator[PictureFacts | None]:
    """The facts of each file; None where it is no picture that can be read."""
    for read in _read(paths, None):
        yield None if isinstance(read, str) else read.facts


def _looker() -> Callable[[Pixels], Looked]:
    preprocessing = default_preprocessing()
    extractor = bundled_extractor(preprocessing)

    def look(pixels: Pixels) -> Looked:
        _, bottleneck = extractor.run(preprocess(pixels, preprocessing)[None])
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
        return bottleneck[0], np.asarray(small, np.uint8)

    return look


def _read(paths: Sequence[Path], look: Callable[[Pixels], Looked] | None) -> Iterator[_Read | str]:
    decoding = replace(default_preprocessing(), depth=OWN_RANGE)

    def read_one(path: Path) -> _Read | str:
        try:
            data = read_bytes(path, DEFAULT_LIMITS.max_bytes)
            pixels = decode_for(data, decoding)
            facts = picture_facts(data, pixels)
            digest = hashlib.sha256(data).digest()
            return _Read(digest, facts, look(pixels) if look else None)
        except (FileError, ImageError) as error:
            return str(error).removeprefix(f"{path}: ")

    return map_in_order(read_one, paths, usable_cores())


def _on_disk(shape: tuple[int, ...], kind: Any) -> Any:
    """A new array in a nameless file of the temporary folder, which ends with the process.

    Raises:
        FileError: There is no room for it.
    """
    # A mapping of no bytes is refused.
    size = max(1, math.prod(shape)) * np.dtype(kind).itemsize
    temporary = Path(tempfile.gettempdir())
    free = disk_usage(temporary).free
    if size > free:
        # Running out of room under a memory map would kill the process.
        raise FileError(
            f"{temporary}: what is kept of the pictures needs {size / 1e6:,.1f} MB, the disk has "
            f"{free / 1e6:,.1f} MB free; choose another folder as TMPDIR"
        )
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, kind, "w+", shape=shape)

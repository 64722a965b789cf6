"""The names of one job's pictures, in a file of the output folder.

They are looked for once: a run that goes on has the same ones in the same order, whatever has
happened to the pictures meanwhile.
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import numpy as np

from pocketlens.errors import DatasetError, FileMissingError
from pocketlens.pictures.formats.header import EXPECTED
from pocketlens.scoring.shard import Shard
from pocketlens.scoring.sources import Sources
from pocketlens.scoring.whole_file import whole_file

_PLACE = 20
"""Digits of the number of names, on the first line."""


class NameFile:
    """Names, each as JSON on a line, after their number.

    Attributes:
        count: How many there are.
    """

    def __init__(self, file: Path) -> None:
        """Takes a file that make_name_file() has made."""
        self._file = file
        with file.open("rb") as stream:
            self.count = int(stream.readline())

    def parts(self, size: int) -> Iterator[tuple[int, int]]:
        """Yields the number of each part of `size` names, and where in the file it begins."""
        with self._file.open("rb") as stream:
            stream.readline()
            for number in range(-(-self.count // size)):
                yield number, stream.tell()
                for _ in range(size):
                    stream.readline()

    def read(self, start: int, size: int) -> list[str]:
        """The names of the part that begins there."""
        with self._file.open("rb") as stream:
            stream.seek(start)
            return [json.loads(line) for line in islice(stream, size)]


def make_name_file(file: Path, sources: Sources, shard: Shard) -> None:
    """Writes the names of a job, whole or not at all; takes 8 bytes of memory for each.

    Raises:
        DatasetError: A name comes twice.
        FileMissingError: There is no picture, for any job.
        FileError: A folder or list cannot be read, or the file not written.
    """
    keys, seen = array("Q"), 0

    def takes(name: str) -> bool:
        nonlocal seen
        seen += 1
        return shard.takes(key_of(name))

    with whole_file(file) as partial, partial.open("wb") as stream:
        stream.write(b"%*d\n" % (_PLACE, 0))
        for name in sources.names(takes):
            keys.append(key_of(name))
            stream.write(json.dumps(name).encode() + b"\n")
        if not (len(keys) if shard.count == 1 else seen):
            raise FileMissingError(f"{sources}: no picture files, {EXPECTED}")
        stream.flush()
        _refuse_twice(partial, keys, sources)
        stream.seek(0)
        stream.write(b"%*d\n" % (_PLACE, len(keys)))


def _refuse_twice(file: Path, keys: array[int], sources: Sources) -> None:
    """Two names may share a key, so that the names themselves decide."""
    ordered = np.sort(np.frombuffer(keys, np.uint64)) if keys else np.empty(0, np.uint64)
    shared = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    if not shared:
        return
    found: set[str] = set()
    with file.open("rb") as stream:
        for line in islice(stream, 1, None):
            name = json.loads(line)
            if key_of(name) not in shared:
                continue
            if name in found:
                raise DatasetError(
                    f"{sources}: {name} comes twice, expected each picture once "
                    "(for a list: sort -u)"
                )
            found.add(name)


def key_of(name: str) -> int:
    """64 bits that a name always has."""
    return int.from_bytes(blake2b(os.fsencode(name), digest_size=8).digest(), "little")

"""Picture files -> network inputs in a memory-mapped file, in parallel."""

from __future__ import annotations

import errno
import math
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any, TypeVar

import numpy as np
from tqdm import tqdm

from pocketlens.errors import DatasetError, FileError
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.listing import Listing
from pocketlens.pictures.preprocessing import Preprocessing, network_input
from pocketlens.pictures.reading import ReadFiles, load_in_order, read_listing

Result = TypeVar("Result")


@dataclass(frozen=True)
class Pictures(ReadFiles):
    """The pictures that could be read.

    Attributes:
        inputs: uint8, N x H x W x C, memory-mapped: the set may be larger than the memory.
    """

    inputs: Pixels


def load_pictures(
    listing: Listing,
    preprocessing: Preprocessing,
    cache: Path,
    known: Collection[str] = frozenset(),
) -> Pictures:
    """Decodes and preprocesses every file by the runtime's own functions.

    See read_listing() for what is left out.

    Args:
        listing: The files.
        preprocessing: How pictures become the model's input.
        cache: Where to write the network inputs; an existing file is overwritten.
        known: The digests of pictures that are not wanted.

    Raises:
        FileError: There is no room for the cache, or no disk that it can be mapped from.
    """
    inputs = open_cache(cache, (len(listing.files), *preprocessing.input_shape), np.uint8)
    free = iter(inputs)

    def keep(row: Pixels) -> None:
        next(free)[:] = row

    read = read_listing(
        listing,
        lambda data: network_input(data, preprocessing),
        keep,
        lambda loaded: _shown(loaded, len(listing.files)),
        known,
    )
    return Pictures(**vars(read), inputs=inputs[: len(read.files)])


def load_inputs(paths: Sequence[Path], preprocessing: Preprocessing, cache: Path) -> Pixels:
    """Network inputs of pictures that load_pictures() could read, exactly as predict() has them.

    Raises:
        FileError: There is no room for the cache.
        DatasetError: A picture was changed or removed since.
    """
    inputs: Pixels = open_cache(cache, (len(paths), *preprocessing.input_shape), np.uint8)
    in_order = load_in_order(paths, lambda data: network_input(data, preprocessing))
    for row, loaded in enumerate(_shown(in_order, len(paths))):
        if isinstance(loaded, str):
            raise DatasetError(f"{paths[row]}: was readable a moment ago: {loaded}")
        inputs[row] = loaded[1]
    return inputs


def open_cache(cache: Path, shape: tuple[int, ...], dtype: type) -> Any:
    """A new array in a file that is mapped into memory; an existing file is overwritten.

    Raises:
        FileError: There is no room for it, or no disk that it can be mapped from.
    """
    # What a killed run has left, which would count as taken.
    cache.unlink(missing_ok=True)
    size = math.prod(shape) * np.dtype(dtype).itemsize
    _check_room(cache.parent, size, "another --out or a smaller --input-size")
    try:
        return np.lib.format.open_memmap(cache, mode="w+", dtype=dtype, shape=shape)
    except OSError as error:
        if error.errno not in _CANNOT_BE_MAPPED:
            raise
        cache.unlink(missing_ok=True)
        return _open_elsewhere(cache.parent, shape, dtype, error)


_CANNOT_BE_MAPPED = (errno.ENODEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)
"""What network and shared folders answer."""


def _open_elsewhere(folder: Path, shape: tuple[int, ...], dtype: type, reason: OSError) -> Any:
    """A nameless file in the temporary folder, which ends with the process."""
    try:
        size = math.prod(shape) * np.dtype(dtype).itemsize
        _check_room(Path(tempfile.gettempdir()), size, "another folder as TMPDIR or another --out")
        with tempfile.TemporaryFile() as file:
            return np.memmap(file, dtype, "w+", shape=shape)
    except FileError:
        raise
    except OSError as error:
        raise FileError(
            f"{folder}: files there cannot be mapped into memory ({reason.strerror}), as on "
            f"network shares, and the temporary folder does not help ({error.strerror}); choose a "
            "folder on a local disk as --out or as TMPDIR"
        ) from error


def _check_room(folder: Path, size: int, advice: str) -> None:
    free = disk_usage(folder).free
    if size > free:
        # Running out of room under a memory map would kill the process.
        raise FileError(
            f"{folder}: the pictures need {size / 1e6:,.1f} MB, the disk has {free / 1e6:,.1f} MB "
            f"free; choose {advice}"
        )


def _shown(loaded: Iterable[Result], count: int) -> Iterable[Result]:
    return tqdm(loaded, "reading pictures", count, unit="", disable=None)

"""Picture files -> network inputs in a memory-mapped file, in parallel."""

from __future__ import annotations

import errno
import hashlib
import math
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketlens.engine.cores import usable_cores
from pocketlens.engine.parallel import map_in_order
from pocketlens.errors import DatasetError, FileError, ImageError
from pocketlens.names import normalised
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.files import read_bytes
from pocketlens.pictures.preprocessing import Preprocessing, network_input
from pocketlens_train.listing import Listing

KNOWN = "also among the labelled pictures or the outliers"
"""Why an unlabelled picture is left out."""


@dataclass(frozen=True)
class Pictures:
    """The pictures that could be read.

    Attributes:
        folder: Where they are.
        files: Paths relative to the folder.
        targets: For each the index of its class.
        inputs: uint8, N x H x W x C, memory-mapped: the set may be larger than the memory.
        fingerprint: SHA-256 over names and contents: the same files give the same fingerprint.
        digests: The SHA-256 of each file.
        left_out: (file, reason) for each file that was not used.
    """

    folder: Path
    files: tuple[str, ...]
    targets: tuple[int, ...]
    inputs: Pixels
    fingerprint: str
    digests: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def load_pictures(
    listing: Listing,
    preprocessing: Preprocessing,
    cache: Path,
    known: Collection[str] = frozenset(),
) -> Pictures:
    """Decodes and preprocesses every file by the runtime's own functions.

    A file that cannot be read, or that repeats the bytes of an earlier one (it could be in the
    training and the test split at once), is left out and named.

    Args:
        listing: The files.
        preprocessing: How pictures become the model's input.
        cache: Where to write the network inputs; an existing file is overwritten.
        known: The digests of pictures that are not wanted.

    Raises:
        FileError: There is no room for the cache, or no disk that it can be mapped from.
    """
    inputs = open_cache(cache, (len(listing.files), *preprocessing.input_shape), np.uint8)
    files: list[str] = []
    targets: list[int] = []
    left_out = list(listing.left_out)
    first_with: dict[bytes, str] = {}
    paths = [listing.folder / file for file in listing.files]
    for file, target, loaded in zip(
        listing.files, listing.targets, _load_in_order(paths, preprocessing), strict=True
    ):
        if isinstance(loaded, str):
            left_out.append((file, loaded))
            continue
        digest, row = loaded
        if digest.hex() in known:
            left_out.append((file, KNOWN))
            continue
        if digest in first_with:
            left_out.append((file, f"has the same bytes as {first_with[digest]}"))
            continue
        first_with[digest] = file
        inputs[len(files)] = row
        files.append(file)
        targets.append(target)
    fingerprint = hashlib.sha256()
    for digest, file in first_with.items():
        name = normalised(file).encode("utf-8", "surrogateescape")
        fingerprint.update(name + b"\0" + digest)
    return Pictures(
        listing.folder,
        tuple(files),
        tuple(targets),
        inputs[: len(files)],
        fingerprint.hexdigest(),
        tuple(digest.hex() for digest in first_with),
        tuple(left_out),
    )


def load_inputs(paths: Sequence[Path], preprocessing: Preprocessing, cache: Path) -> Pixels:
    """Network inputs of pictures that load_pictures() could read, exactly as predict() has them.

    Raises:
        FileError: There is no room for the cache.
        DatasetError: A picture was changed or removed since.
    """
    inputs: Pixels = open_cache(cache, (len(paths), *preprocessing.input_shape), np.uint8)
    for row, loaded in enumerate(_load_in_order(paths, preprocessing)):
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
            f"{folder}: the pictures need {size / 1e9:.1f} GB, the disk has {free / 1e9:.1f} GB "
            f"free; choose {advice}"
        )


_Loaded = tuple[bytes, Pixels] | str


def _load_in_order(paths: Sequence[Path], preprocessing: Preprocessing) -> Iterator[_Loaded]:
    """Yields (SHA-256, network input) or the reason why not, with few results waiting."""

    def load(path: Path) -> _Loaded:
        try:
            data = read_bytes(path)
            return hashlib.sha256(data).digest(), network_input(data, preprocessing)
        except (FileError, ImageError) as error:
            return str(error).removeprefix(f"{path}: ")

    loaded = map_in_order(load, paths, usable_cores())
    yield from tqdm(loaded, "reading pictures", len(paths), unit="", disable=None)

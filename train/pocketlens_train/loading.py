"""Picture files -> network inputs in a memory-mapped file, in parallel."""

from __future__ import annotations

import hashlib
import math
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from shutil import disk_usage

import numpy as np
from tqdm import tqdm

from pocketlens.decoding import Pixels, decode, read_bytes
from pocketlens.errors import FileError, ImageError
from pocketlens.preprocessing import Preprocessing, preprocess
from pocketlens_train.dataset import Listing


@dataclass(frozen=True)
class Pictures:
    """The pictures that could be read.

    Attributes:
        files: Paths relative to the folder.
        targets: For each the index of its class.
        inputs: uint8, N x H x W x C, memory-mapped: the set may be larger than the memory.
        fingerprint: SHA-256 over names and contents: the same files give the same fingerprint.
        left_out: (file, reason) for each file that was not used.
    """

    files: tuple[str, ...]
    targets: tuple[int, ...]
    inputs: Pixels
    fingerprint: str
    left_out: tuple[tuple[str, str], ...]


def load_pictures(listing: Listing, preprocessing: Preprocessing, cache: Path) -> Pictures:
    """Decodes and preprocesses every file by the runtime's own functions.

    A file that cannot be read, or that repeats the bytes of an earlier one (it could be in the
    training and the test split at once), is left out and named.

    Args:
        listing: The files.
        preprocessing: The recipe that the model will carry.
        cache: Where to write the network inputs; an existing file is overwritten.

    Raises:
        FileError: There is no room for the cache.
    """
    size = len(listing.files) * math.prod(preprocessing.input_shape)
    free = disk_usage(cache.parent).free
    if size > free:
        # Running out of room under a memory map would kill the process.
        raise FileError(
            f"{cache}: needs {size / 1e9:.1f} GB, the disk has {free / 1e9:.1f} GB free; "
            "choose another --out or a smaller --input-size"
        )
    inputs = np.lib.format.open_memmap(
        cache, mode="w+", dtype=np.uint8, shape=(len(listing.files), *preprocessing.input_shape)
    )
    files: list[str] = []
    targets: list[int] = []
    left_out = list(listing.left_out)
    first_with: dict[bytes, str] = {}
    for file, target, loaded in zip(
        listing.files, listing.targets, _load_in_order(listing, preprocessing), strict=True
    ):
        if isinstance(loaded, str):
            left_out.append((file, loaded))
            continue
        digest, network_input = loaded
        if digest in first_with:
            left_out.append((file, f"has the same bytes as {first_with[digest]}"))
            continue
        first_with[digest] = file
        inputs[len(files)] = network_input
        files.append(file)
        targets.append(target)
    fingerprint = hashlib.sha256()
    for digest, file in first_with.items():
        fingerprint.update(file.encode("utf-8", "surrogateescape") + b"\0" + digest)
    return Pictures(tuple(files), tuple(targets), inputs, fingerprint.hexdigest(), tuple(left_out))


_Loaded = tuple[bytes, Pixels] | str


def _load_in_order(listing: Listing, preprocessing: Preprocessing) -> Iterator[_Loaded]:
    """Yields (SHA-256, network input) or the reason why not, with few results waiting."""

    def load(file: str) -> _Loaded:
        try:
            data = read_bytes(listing.folder / file)
            return hashlib.sha256(data).digest(), preprocess(decode(data), preprocessing)
        except (FileError, ImageError) as error:
            return str(error).removeprefix(f"{listing.folder / file}: ")

    workers = os.cpu_count() or 1
    todo = iter(listing.files)
    with (
        ThreadPoolExecutor(workers) as pool,
        tqdm(total=len(listing.files), desc="reading pictures", unit="", disable=None) as progress,
    ):
        waiting: deque[Future[_Loaded]] = deque(
            pool.submit(load, file) for file in islice(todo, 8 * workers)
        )
        while waiting:
            yield waiting.popleft().result()
            progress.update()
            waiting.extend(pool.submit(load, file) for file in islice(todo, 1))

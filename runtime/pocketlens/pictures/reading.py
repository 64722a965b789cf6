"""A listing's files, each read once: what repeats another's bytes or cannot be read is left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pocketlens.engine.cores import usable_cores
from pocketlens.engine.parallel import map_in_order
from pocketlens.errors import FileError, ImageError
from pocketlens.names import normalised
from pocketlens.pictures.files import read_bytes
from pocketlens.pictures.listing import Listing

Result = TypeVar("Result")


@dataclass(frozen=True)
class ReadFiles:
    """The files that could be read.

    Attributes:
        files: Paths relative to the folder.
        targets: For each the index of its class.
        fingerprint: SHA-256 over names and contents: the same files give the same fingerprint.
        digests: The SHA-256 of each file.
        left_out: (file, reason) for each file that was not used.
    """

    files: tuple[str, ...]
    targets: tuple[int, ...]
    fingerprint: str
    digests: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def read_listing(
    listing: Listing,
    load: Callable[[bytes], Result],
    keep: Callable[[Result], object],
    show: Callable[[Iterable[tuple[bytes, Result] | str]], Iterable[tuple[bytes, Result] | str]],
) -> ReadFiles:
    """Reads every file.

    A file that cannot be read, or that repeats the bytes of an earlier one (it could be in the
    training and the test at once), is left out and named.

    Args:
        listing: The files.
        load: Makes something of a file's bytes, on a worker's thread; raises ImageError.
        keep: Takes what it made of each file that is used, in their order.
        show: Goes through as many results as the listing has files, and shows how far it is.
    """
    files, targets, left_out = [], [], list(listing.left_out)
    first_with: dict[bytes, str] = {}
    paths = [listing.folder / file for file in listing.files]
    loaded = show(load_in_order(paths, load))
    for file, target, each in zip(listing.files, listing.targets, loaded, strict=True):
        if isinstance(each, str):
            left_out.append((file, each))
            continue
        digest, result = each
        if digest in first_with:
            left_out.append((file, f"has the same bytes as {first_with[digest]}"))
            continue
        first_with[digest] = file
        keep(result)
        files.append(file)
        targets.append(target)
    fingerprint = hashlib.sha256()
    for digest, file in first_with.items():
        name = normalised(file).encode("utf-8", "surrogateescape")
        fingerprint.update(name + b"\0" + digest)
    return ReadFiles(
        tuple(files),
        tuple(targets),
        fingerprint.hexdigest(),
        tuple(digest.hex() for digest in first_with),
        tuple(left_out),
    )


def load_in_order(
    paths: Iterable[Path], load: Callable[[bytes], Result]
) -> Iterable[tuple[bytes, Result] | str]:
    """Yields (SHA-256, what was made of it) or the reason why not, with few results waiting."""

    def load_one(path: Path) -> tuple[bytes, Result] | str:
        try:
            data = read_bytes(path)
            return hashlib.sha256(data).digest(), load(data)
        except (FileError, ImageError) as error:
            return str(error).removeprefix(f"{path}: ")

    return map_in_order(load_one, paths, usable_cores())

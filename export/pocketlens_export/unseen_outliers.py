"""Pictures of no class, of kinds that the training has not seen."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from pocketlens.errors import DatasetError, FileMissingError, ImageError
from pocketlens.pictures.files import read_bytes
from pocketlens.pictures.folders import PassedOver, all_files
from pocketlens.pictures.preprocessing import Preprocessing, decode_for


def unseen_outliers(
    folder: Path, known: frozenset[str], preprocessing: Preprocessing
) -> list[Path]:
    """The pictures below a folder.

    Args:
        folder: Where they are, in sub-folders or not.
        known: The SHA-256 of the pictures that were learnt from.
        preprocessing: The model's preprocessing.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: It holds no picture, or one that was learnt from.
    """
    if not folder.is_dir():
        raise FileMissingError(f"{folder}: no such folder, expected one with pictures of no class")
    pictures, learnt = [], []
    for path in sorted(map(Path, all_files([str(folder)], PassedOver().add, lambda error: None))):
        if path.is_file():
            with suppress(ImageError):
                data = read_bytes(path)
                decode_for(data, preprocessing)
                pictures.append(path)
                learnt += [path] if hashlib.sha256(data).hexdigest() in known else []
    if not pictures:
        raise DatasetError(f"{folder}: holds no picture, expected pictures of no class")
    if learnt:
        raise DatasetError(
            f"{folder}: {len(learnt)} of {len(pictures)} pictures were outliers in training, the "
            f"first is {learnt[0]}; expected pictures of kinds that it has not seen"
        )
    return pictures

"""Arrays in one .npz file that is there whole or not at all, even after a power cut."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np


def write_npz(file: Path, arrays: dict[str, Any]) -> None:
    """Writes the arrays beside `file`, to the disk, and moves them into place."""
    partial = file.with_name("partial.npz")
    with partial.open("wb") as stream:
        np.savez(stream, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)


def read_npz(file: Path) -> dict[str, Any]:
    """Reads what write_npz wrote.

    Raises:
        ValueError: The file is none, or damaged.
    """
    try:
        with np.load(file) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # zipfile, zlib, struct and numpy each have their own
        raise ValueError("no .npz file of pocketlens, or damaged") from error

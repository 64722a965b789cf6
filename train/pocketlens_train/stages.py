"""What a training has done so far, in small files, so that --resume need not do it again."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from pocketlens_train.npz import read_npz, write_npz

NAMES = re.compile(r"\.stage-[0-9a-f]{12}-[a-z0-9-]+\.npz")


class Stages:
    """Arrays by the name of the stage that made them."""

    def __init__(self, folder: Path, fixed: dict[str, Any]) -> None:
        """Those of a training in a run folder.

        Args:
            folder: The run folder.
            fixed: What must be the same for a stage to count.
        """
        key = hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:12]
        self._prefix = folder / f".stage-{key}-"

    def load(self, name: str) -> dict[str, Any] | None:
        """What save() kept; None where it did not, or where the file cannot be read."""
        try:
            return read_npz(self._file(name))
        except (OSError, ValueError):
            return None

    def save(self, name: str, arrays: dict[str, Any]) -> None:
        """Keeps arrays, whole or not at all."""
        write_npz(self._file(name), arrays)

    def _file(self, name: str) -> Path:
        return self._prefix.with_name(f"{self._prefix.name}{name}.npz")

"""What is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the command line can change; see `pocketlens teach --help`."""

    groups: str | None
    class_weights: str
    seed: int
    keep_repeats: bool
    about: Path | None
    exclude_list: Path | None = None

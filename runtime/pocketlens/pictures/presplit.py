"""A folder that is split already: its sub-folders are train, val and test, not classes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from pocketlens.errors import DatasetError
from pocketlens.names import normalised
from pocketlens.pictures.folders import is_system

_PARTS = (
    *("train", "training"),
    *("val", "valid", "validation", "dev"),
    *("eval", "evaluation", "test", "testing"),
)
"""Names of parts in any case, from what is learnt from to what is tested on."""
_REST = {
    "train": "--out RUN",
    "teach": "--out FILE.onnx",
    "teach --add": "MODEL.onnx --out FILE.onnx",
}
"""What follows the folders in each command."""


def check_is_not_split(folder: Path, names: Sequence[str], command: str) -> None:
    """Refuses sub-folders that are parts of a split: their classes would be "test" and "train".

    Args:
        folder: The folder with one sub-folder for each class.
        names: Its sub-folders.
        command: "train", which takes a part of its own to test on, "teach" or "teach --add".

    Raises:
        DatasetError: Each is named like a part, and classes lie in them; the message has the
            command for the split.
    """
    parts = split_parts(folder, names)
    if not parts:
        return
    words = ["pocketlens", *command.split(), str(folder / parts[0])]
    if command == "train":
        words += ["--validation", str(folder / parts[1])] if len(parts) > 2 else []
        words += ["--test", str(folder / parts[-1])] if len(parts) > 1 else []
    ordered = _ordered(names)
    unused = [name for name in ordered if str(folder / name) not in words]
    raise DatasetError(
        f"{folder}: its sub-folders {', '.join(ordered)} are parts of a split, expected classes; "
        f"run: {shlex.join(words)} {_REST[command]}"
        + (f" ({' and '.join(unused)} left out)" if unused else "")
    )


def split_parts(folder: Path, names: Sequence[str]) -> list[str]:
    """The sub-folders in which classes lie, where each is named like a part of a split.

    Args:
        folder: The folder with one sub-folder for each class.
        names: Its sub-folders.

    Returns:
        Their names, from what is learnt from to what is tested on; none where it is no split.
    """
    if len(names) < 2 or not all(name.lower() in _PARTS for name in names):
        return []
    classes = {name: found for name in _ordered(names) if (found := _sub_folders(folder / name))}
    return list(classes) if classes and set.intersection(*classes.values()) else []


def _ordered(names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda name: _PARTS.index(name.lower()))


def _sub_folders(folder: Path) -> set[str]:
    entries = folder.iterdir()
    return {normalised(e.name) for e in entries if e.is_dir() and not is_system(e.name)}

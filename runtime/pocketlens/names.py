"""Names of classes for people to read: there may be a thousand, each as long as a path may be."""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST = 60


def cut(name: str, longest: int = _LONGEST) -> str:
    """The name, or so many characters of it and an ellipsis."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def listed(names: Sequence[str], most: int = 20) -> str:
    """The names in a row; of more than `most` the first ones, and how many more there are."""
    text = ", ".join(map(cut, names[:most]))
    return f"{text} and {len(names) - most:,} more" if len(names) > most else text

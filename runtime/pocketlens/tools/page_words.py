"""A model in the words of the pages that show it."""

from __future__ import annotations

from pathlib import Path

from pocketlens.metadata import Metadata
from pocketlens.metadata.familiarity import word

_MOST_ASKED, _LONGEST_QUESTION = 4, 60


def model_name(file: Path) -> str:
    """The file's name in words."""
    words = file.stem.replace("_", " ").replace("-", " ").strip() or file.stem
    return words[:1].upper() + words[1:]


def right(metadata: Metadata) -> str:
    """How many test pictures are answered right, in a few words; "": it is not known."""
    if (metrics := metadata.metrics) is None:
        return ""
    if metrics.accuracy == 1:
        return f"all {metrics.images:,} right"
    return f"{min(metrics.accuracy, 0.999):.1%} right".replace("%", " %")


def question(labels: tuple[str, ...], rejects: bool) -> str:
    """What a picture is asked, such as "Cat, dog or neither?"."""
    choices = [*labels, *([word(labels)] if rejects else [])]
    *first, last = choices
    text = f"{', '.join(first)} or {last}?" if first else f"{last}?"
    if len(labels) > _MOST_ASKED or len(text) > _LONGEST_QUESTION:
        return f"Which of {len(labels):,} classes is it?"
    return text[:1].upper() + text[1:]

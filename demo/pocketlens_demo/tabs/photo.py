"""The tab for one photo: what it shows, how familiar it is, where the network looked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pocketlens_demo.script import scripted
from pocketlens_demo.served import Served

_FOLDER = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(path for path in _FOLDER.iterdir() if path.suffix in (".jpg", ".png"))
CREDITS = (_FOLDER / "CREDITS.txt").read_text(encoding="utf-8")


def build(models: Sequence[Served]) -> None:
    """Adds the tab to the page that is being built; photo.js fills it."""
    names = [path.stem.partition("_")[2] for path in EXAMPLES] if has_examples(models) else []
    scripted("photo", "<div class='photo'></div>", names)


def has_examples(models: Sequence[Served]) -> bool:
    """Whether the examples, cats and dogs, say something about the first model."""
    return {label.lower() for label in models[0].model.labels} == {"cat", "dog"}

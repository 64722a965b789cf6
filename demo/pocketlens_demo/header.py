"""The page's first row: the model's name, its classes, how often it is right."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from pocketlens.names import cut
from pocketlens.tools.page_words import right
from pocketlens_demo.served import Served

_MOST_CHIPS = 10
_ICON = (Path(__file__).parent / "icon.svg").read_text(encoding="utf-8")


def header(models: Sequence[Served], collects: bool) -> str:
    """The row as HTML, and in it the facts for the scripts.

    Args:
        models: Those that answer.
        collects: Whether corrected photos of the first one are kept.
    """
    first = models[0].facts()
    facts = {"models": [each.facts() for each in models], "collects": collects}
    labels = first["labels"]
    more = len(labels) - _MOST_CHIPS
    chips = [*map(cut, labels[:_MOST_CHIPS]), *([f"{more:,} more"] if more > 0 else [])]
    names = " and ".join(each.name for each in models)
    share = right(models[0].model.metadata)
    link = f"<a href='#model'>{escape(share)}</a>" if share else ""
    return (
        f"<header class='header' data-facts='{escape(json.dumps(facts))}'>{_ICON}"
        f"<h1>{escape(names)}</h1>"
        f"<ul class='chips'>{''.join(f'<li>{escape(chip)}</li>' for chip in chips)}</ul>"
        f"{link}</header>"
    )

"""The page's first row: the model's name, its classes, how often it is right."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from pocketlens_demo.served import Served

_ICON = (Path(__file__).parent / "icon.svg").read_text(encoding="utf-8")


def header(models: Sequence[Served], collects: bool) -> str:
    """The row as HTML, and in it the facts for the scripts.

    Args:
        models: Those that answer.
        collects: Whether corrected photos of the first one are kept.
    """
    first = models[0].facts()
    facts: dict[str, Any] = {"models": [each.facts() for each in models], "collects": None}
    if collects:
        labels = list(models[0].model.labels)
        facts["collects"] = {"labels": labels, "neither": first["neither"]}
    more = first["classes"] - len(first["chips"])
    chips = [*first["chips"], *([f"{more:,} more"] if more else [])]
    names = " and ".join(each.name for each in models)
    right = f"<a href='#model'>{escape(first['right'])}</a>" if first["right"] else ""
    return (
        f"<header class='header' data-facts='{escape(json.dumps(facts))}'>{_ICON}"
        f"<h1>{escape(names)}</h1>"
        f"<ul class='chips'>{''.join(f'<li>{escape(chip)}</li>' for chip in chips)}</ul>"
        f"{right}</header>"
    )

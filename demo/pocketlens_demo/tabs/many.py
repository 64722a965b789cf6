"""The tab for many photos; many.js asks for each answer and shows them by class."""

from __future__ import annotations

from pocketlens_demo.limits import MAX_PICTURES
from pocketlens_demo.script import scripted


def build() -> None:
    """Adds the tab to the page that is being built."""
    scripted("many", "<div class='many'></div>", MAX_PICTURES, elem_id="many")

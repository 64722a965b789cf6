"""The tab for a camera; live.js shows the answer over the picture."""

from __future__ import annotations

from pocketlens_demo.script import scripted

SECONDS = 60


def build() -> None:
    """Adds the tab to the page that is being built."""
    scripted("live", "<div class='live'></div>", SECONDS, elem_id="live")

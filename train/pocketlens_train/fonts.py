"""Fonts of this machine that have the letters of the labels."""

from __future__ import annotations

import logging

import matplotlib
from matplotlib import font_manager

_NO_FONT = "Last Resort"
"""Draws a box for every letter."""

# Which weight it takes for lack of a regular one is of no interest.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def fonts_for(text: str) -> tuple[list[str], str]:
    """Chooses fonts for a text.

    Returns:
        Families for matplotlib's "font.family", its own first, and the letters that none has.
    """
    families = list(matplotlib.rcParams["font.family"])
    missing = {letter for letter in text if not letter.isspace()}
    missing -= _covered(font_manager.findfont(font_manager.FontProperties()), missing)
    if not missing:
        return families, ""
    found = {
        font.name: _covered(font.fname, missing)
        for font in font_manager.fontManager.ttflist
        if font.style == "normal" and not font.name.startswith(_NO_FONT)
    }
    # The one with most of the letters first: they look best from one hand.
    while best := max(sorted(found), key=lambda name: len(found[name] & missing), default=None):
        if not found[best] & missing:
            break
        families.append(best)
        missing -= found[best]
    return families, "".join(sorted(missing))


def _covered(font: str, letters: set[str]) -> set[str]:
    characters = font_manager.get_font(font).get_charmap()
    return {letter for letter in letters if ord(letter) in characters}

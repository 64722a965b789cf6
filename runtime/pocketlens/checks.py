"""Arguments out of their range, and texts that a terminal would not show."""

from __future__ import annotations

import unicodedata

from pocketlens.errors import SettingError


def check_positive(**settings: object) -> None:
    """Refuses what is no whole number above zero.

    Raises:
        SettingError: Names the first such setting.
    """
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SettingError(f"{name}={value!r}, expected a whole number above 0")


def is_shown(text: str) -> bool:
    """Whether a terminal shows every character, none of which breaks the line or steers it.

    So are, other than for str.isprintable(), all spaces, and the joiners within emoji and words.
    """
    return all(
        character.isprintable()
        or character in "\u200c\u200d"
        or unicodedata.category(character) == "Zs"
        for character in text
    )

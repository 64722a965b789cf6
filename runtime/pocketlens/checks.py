"""Arguments out of their range."""

from __future__ import annotations

from pocketlens.errors import SettingError


def check_positive(**settings: object) -> None:
    """Refuses what is no whole number above zero.

    Raises:
        SettingError: Names the first such setting.
    """
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SettingError(f"{name}={value!r}, expected a whole number above 0")

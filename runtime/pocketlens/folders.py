"""Which names in a folder are the system's own and never a user's pictures."""

from __future__ import annotations

_SYSTEM = frozenset(
    (
        "__macosx",
        "@eadir",
        "@recycle",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "desktop.ini",
        "ehthumbs.db",
        "icon\r",
        "lost+found",
        "system volume information",
        "thumbs.db",
    )
)
"""In lower case; of macOS, Windows, Linux and the NAS systems of Synology and QNAP."""


def is_system(name: str) -> bool:
    """Whether a file or folder of this name is hidden or the system's, such as ._a.jpg or @eaDir.

    Args:
        name: The last part of a path.
    """
    return name.startswith(".") or name.lower() in _SYSTEM

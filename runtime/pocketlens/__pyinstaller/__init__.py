"""Hooks for PyInstaller: what it cannot see by itself when it freezes an application."""

from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from pocketlens.cli import COMMANDS


def get_hook_dirs() -> list[str]:
    """The hook folders of all packages that bring commands; PyInstaller asks for them."""
    folders = set()
    for command in entry_points(group=COMMANDS):
        spec = find_spec(command.module.partition(".")[0])
        if spec and spec.origin:
            folders.add(Path(spec.origin).parent / Path(__file__).parent.name)
    return sorted(str(folder) for folder in folders if folder.is_dir())

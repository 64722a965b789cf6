"""`_run.json`: what a run in an output folder is of, so that no other mixes with it."""

from __future__ import annotations

import errno
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pocketlens import __version__
from pocketlens.engine.session import import_onnxruntime
from pocketlens.errors import FileError, SettingError

MANIFEST = "_run.json"


def versions() -> dict[str, str]:
    """Of what an answer depends on."""
    return {
        "pocketlens": __version__,
        "onnxruntime": str(import_onnxruntime().__version__),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def claim(folder: Path, run: dict[str, Any]) -> None:
    """Makes the folder, and its manifest; the first of several jobs does.

    Args:
        folder: The output folder.
        run: What the run is of, as JSON types.

    Raises:
        SettingError: The folder holds another run, or anything else.
        FileError: It cannot be written.
    """
    file = folder / MANIFEST
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _refuse_other_files(folder)
            _make(file, run)
        there = json.loads(file.read_text(encoding="utf-8"))
    except FileExistsError as error:
        raise FileError(f"{folder}: is a file, expected a folder for the answers") from error
    except PermissionError as error:
        raise FileError(f"{folder}: cannot be written ({error.strerror})") from error
    except ValueError as error:
        raise SettingError(f"{file}: is no manifest of a run ({error})") from error
    differing = [key for key in {**run, **there} if run.get(key) != there.get(key)]
    if differing:
        told = "; ".join(f"its {key}: {there.get(key)}, now: {run.get(key)}" for key in differing)
        raise SettingError(f"{folder}: holds another run ({told}); name another folder")


def _refuse_other_files(folder: Path) -> None:
    others = [each.name for each in folder.iterdir() if not each.name.startswith((".", "_"))]
    # Another job may have begun meanwhile.
    if others and not (folder / MANIFEST).exists():
        raise SettingError(
            f"{folder}: holds {min(others)} and no {MANIFEST}; name an empty or new folder"
        )


def _make(file: Path, run: dict[str, Any]) -> None:
    partial = file.with_name(f".{MANIFEST}.{secrets.token_hex(4)}")
    try:
        partial.write_text(json.dumps(run, indent=1), encoding="utf-8")
        # Unlike a renamed file, a link never takes the place of another job's manifest.
        os.link(partial, file)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise FileError(f"{file}: cannot be written ({error.strerror})") from error
        partial.replace(file)  # a file system without links
    finally:
        with suppress(OSError):
            partial.unlink()

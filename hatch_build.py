"""Brings onnxruntime-web, which the pages of `pocketlens web` carry, into the wheel."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_WEB = Path("demo/pocketlens_web")
_SECONDS = 60


class OnnxruntimeWeb(BuildHookInterface):  # type: ignore[type-arg]
    """Unpacks the pinned files by npm; without npm or network the wheel does without them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is built."""
        web = Path(self.root) / _WEB
        pinned = json.loads((web / "onnxruntime_web.json").read_text(encoding="utf-8"))
        vendor, files = web / "vendor", pinned["files"]
        if all(_is_there(vendor / name, digest) for name, digest in files.items()):
            return
        npm = shutil.which("npm")
        if npm is None:
            return
        try:
            _unpack(npm, f"{pinned['package']}@{pinned['version']}", files, vendor)
        except (OSError, KeyError, ValueError, subprocess.SubprocessError, tarfile.TarError) as why:
            self.app.display_warning(f"built without onnxruntime-web, for `pocketlens web`: {why}")


def _is_there(file: Path, digest: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == digest


def _unpack(npm: str, package: str, files: dict[str, str], vendor: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", package, "--silent", "--fetch-retries=0"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_SECONDS)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as content:
            for name, digest in files.items():
                member = content.extractfile(f"package/dist/{name}")
                data = member.read() if member else b""
                if hashlib.sha256(data).hexdigest() != digest:
                    raise ValueError(f"{name} of {package} is not the pinned one")
                vendor.mkdir(exist_ok=True)
                (vendor / name).write_bytes(data)

"""The files of onnxruntime-web that a page carries."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pocketlens.errors import FileError
from pocketlens.pictures.files import read_bytes

_HERE = Path(__file__).parent
VENDORED = _HERE / "vendor"
LICENCE = _HERE / "LICENSE.onnxruntime-web"
_PINNED = json.loads((_HERE / "onnxruntime_web.json").read_text(encoding="utf-8"))


def read_runtime(folder: Path | None) -> tuple[bytes, bytes]:
    """The script and the WebAssembly.

    Args:
        folder: Where they lie; None: in this installation.

    Raises:
        FileError: They are not there, or are of another version.
    """
    script, wasm = (_read(folder, name, digest) for name, digest in _PINNED["files"].items())
    return script, wasm


def _read(folder: Path | None, name: str, digest: str) -> bytes:
    version = f"{_PINNED['package']}@{_PINNED['version']}"
    file = (folder or VENDORED) / name
    advice = (
        f"run `npm pack {version}`, unpack the archive with `tar xzf` and pass --runtime "
        "package/dist"
    )
    if not file.is_file():
        where = f"{folder} has no {name}" if folder else f"this installation lacks {version}"
        raise FileError(f"{where}, which the page runs the model with; {advice}")
    content = read_bytes(file)
    if hashlib.sha256(content).hexdigest() != digest:
        raise FileError(f"{file}: is not that of {version}; {advice}")
    return content

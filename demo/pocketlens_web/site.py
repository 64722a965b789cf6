"""The page as a static site that browsers install and keep for offline use."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

import cv2
import numpy as np

from pocketlens.errors import FileError
from pocketlens.replacing import replace_bytes
from pocketlens_web.page import FOLDER, beside, page

_MANIFEST = "manifest.webmanifest"
_ICON_SIZES = (192, 512)
_ACCENT = (118, 110, 15)  # blue, green, red


def write_site(folder: Path, facts: Mapping[str, Any], packed: Mapping[str, bytes]) -> None:
    """Writes it, over an earlier one if there is one.

    Args:
        folder: Is made if need be.
        facts: Of the model.
        packed: The large parts, gzipped.

    Raises:
        FileError: The folder holds something else, or cannot be written.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MANIFEST).is_file():
        raise FileError(f"{folder}: holds other files; expected a new folder, or that of a site")
    addresses = {name: _address(content) for name, content in packed.items()}
    files = {addresses[name]: content for name, content in packed.items()}
    files |= {f"icon-{size}.png": _icon(size) for size in _ICON_SIZES}
    files[_MANIFEST] = json.dumps(_manifest(facts)).encode()
    parts = [beside(name, address) for name, address in addresses.items()]
    files["index.html"] = page(facts, parts, is_site=True).encode()
    files["sw.js"] = _service_worker(files)
    try:
        (folder / "parts").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{folder}: cannot be made ({error.strerror})") from error
    for name, content in files.items():
        replace_bytes(folder / name, content)
    for old in (folder / "parts").iterdir():
        if f"parts/{old.name}" not in files:
            old.unlink()


def _address(content: bytes) -> str:
    return f"parts/{hashlib.sha256(content).hexdigest()[:32]}.gz"


def _service_worker(files: Mapping[str, bytes]) -> bytes:
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()[:32]
    source = (FOLDER / "sw.js").read_text(encoding="utf-8")
    kept = ["./", *files]
    return Template(source).substitute(files=json.dumps(kept), digest=digest).encode()


def _manifest(facts: Mapping[str, Any]) -> dict[str, Any]:
    icons = [
        {"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
        for size in _ICON_SIZES
    ]
    return {
        "name": facts["name"],
        "short_name": facts["name"][:12],
        "description": facts["question"],
        "start_url": "./",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0f766e",
        "icons": icons,
    }


def _icon(size: int) -> bytes:
    """The lens, with the margin that systems cut off, drawn large and made smaller."""
    side = 4 * size
    picture = np.full((side, side, 3), 255, np.uint8)
    unit = side / 48
    center, edge, end = ((round(x * unit),) * 2 for x in (21, 29, 35))
    cv2.circle(picture, center, round(9 * unit), _ACCENT, round(3.6 * unit), cv2.LINE_AA)
    cv2.line(picture, edge, end, _ACCENT, round(3.6 * unit), cv2.LINE_AA)
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".png", small)[1])

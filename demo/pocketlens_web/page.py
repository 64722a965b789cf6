"""The page: its modules, its style and the large parts in one HTML text."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from pocketlens.names import cut
from pocketlens_web.onnxruntime_web import LICENCE

FOLDER = Path(__file__).parent / "page"
_MODULES = (
    "elements", "recipe", "jpeg", "picture", "camera", "model", "answer", "csv", "selftest",
    "parts", "photo", "live", "many", "about", "app",
)  # fmt: skip
"""Each imports only from those before it."""
_MOST_CHIPS = 10
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#0d9488" '
    'stroke-width="4" stroke-linecap="round"><circle cx="13" cy="13" r="10"/>'
    '<path d="M21 21l8 8"/></svg>'
)


def embedded(name: str, packed: bytes) -> str:
    """A part that lies in the page; see page().

    Args:
        name: "runtime", "wasm" or "model".
        packed: Its content, gzipped.
    """
    return _part(name, "", base64.b64encode(packed).decode())


def beside(name: str, address: str) -> str:
    """A part that lies beside the page; see page()."""
    return _part(name, f' data-source="{address}"', "")


def page(facts: Mapping[str, Any], parts: list[str], *, is_site: bool = False) -> str:
    """The page as HTML.

    Args:
        facts: Of the model.
        parts: The runtime, the WebAssembly and the model, by embedded() or beside().
        is_site: Whether the page lies on a server with its parts, manifest and service worker
            beside it; else it may not load anything at all.
    """
    style, starter = _text("style.css"), _text("starter.js")
    labels = facts["labels"]
    more = len(labels) - _MOST_CHIPS
    chips = [*map(cut, labels[:_MOST_CHIPS]), *([f"{more:,} more"] if more > 0 else [])]
    right = f'<a href="#model">{escape(facts["right"])}</a>' if facts["right"] else ""
    return Template(_text("index.html")).substitute(
        policy=_policy(style, starter, is_site),
        name=escape(facts["name"]),
        question=escape(facts["question"]),
        icon=f"data:image/svg+xml,{quote(ICON)}",
        links=_SITE_LINKS if is_site else "",
        style=style,
        chips="".join(f"<li>{escape(chip)}</li>" for chip in chips),
        right=right,
        licences=escape(LICENCE.read_text(encoding="utf-8").strip()),
        facts=json.dumps(facts, allow_nan=False).replace("<", "\\u003c"),
        parts="\n".join(parts),
        modules="\n".join(_module(f"{name}.js") for name in _MODULES),
        starter=starter,
    )


_SITE_LINKS = (
    '<link rel="manifest" href="manifest.webmanifest">\n'
    '<link rel="apple-touch-icon" href="icon-192.png">\n'
    '<meta name="theme-color" content="#0f766e">\n'
)


def _policy(style: str, starter: str, is_site: bool) -> str:
    own = "'self'" if is_site else "'none'"
    rules = {
        "default-src": "'none'",
        "script-src": f"{_hash(starter)} blob: 'wasm-unsafe-eval'",
        "style-src": _hash(style),
        "img-src": "blob: data:" + (" 'self'" if is_site else ""),
        "connect-src": own,
        "worker-src": own,
        "manifest-src": own,
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _part(name: str, more: str, content: str) -> str:
    return f'<script type="text/plain" data-part="{name}"{more}>{content}</script>'


def _module(file: str) -> str:
    return f'<script type="text/plain" data-module="{file}">\n{_text(file)}</script>'


def _text(file: str) -> str:
    return (FOLDER / file).read_text(encoding="utf-8")

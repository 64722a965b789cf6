"""HTML that a script of the folder `static` fills."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

# No bare import(): the code is not of the page's own address.
_START = """
import(new URL("page/static/%s.js", document.baseURI)).then((script) => script.start(%s));
"""


def scripted(name: str, html: str, *arguments: Any, **more: Any) -> gr.HTML:
    """Adds HTML to the page that is being built; `name`.js gets its element, and arguments."""
    given = ", ".join(["element", *map(json.dumps, arguments)])
    start = _START % (name, given)
    return gr.HTML(html, js_on_load=start, apply_default_css=False, **more)

"""The page's last row: where pictures go, the way to a phone, whose the examples are."""

from __future__ import annotations

from html import escape

import gradio as gr

from pocketlens_demo.script import scripted

_PRIVACY = "Pictures go to the computer that serves this page and nowhere else."


def build(is_public: bool, credits: str) -> None:
    """Adds it to the page that is being built.

    Args:
        is_public: Whether other computers reach the page.
        credits: Of the example photos; "": there are none.
    """
    text = f"<p>{_PRIVACY}</p>"
    if is_public:
        text += "<details class='phone'><summary>On your phone</summary></details>"
    if credits:
        text += f"<details><summary>Credits</summary><pre>{escape(credits)}</pre></details>"
    html = f"<div class='foot-note'>{text}</div>"
    if is_public:
        scripted("footer", html)
    else:
        gr.HTML(html, apply_default_css=False)

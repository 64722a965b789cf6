"""The page's last row: where pictures go, the way to a phone, whose the examples are."""

from __future__ import annotations

from html import escape

import segno

_PRIVACY = "Pictures go to the computer that serves this page and nowhere else."


def footer(address: str | None, credits: str) -> str:
    """The row as HTML.

    Args:
        address: Where other computers reach the page; None: they do not.
        credits: Of the example photos; "": there are none.
    """
    text = f"<p>{_PRIVACY}</p>"
    if address:
        code = segno.make(address, micro=False).svg_data_uri(scale=4, border=2)
        text += (
            f"<details><summary>On your phone</summary><img src='{code}' alt='QR code of "
            f"{escape(address)}'><p>{escape(address)}</p></details>"
        )
    if credits:
        text += f"<details><summary>Credits</summary><pre>{escape(credits)}</pre></details>"
    return f"<div class='foot-note'>{text}</div>"

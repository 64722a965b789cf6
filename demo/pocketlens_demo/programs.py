"""What `pocketlens serve` offers to programs, on the page's own server."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence

from pocketlens.http.service import Service
from pocketlens_demo.served import Served

PREFIXES = ("/v1/", "/v2/")
"""Of the paths that take pictures."""


def for_programs(models: Sequence[Served], auth: tuple[str, str] | None) -> Service:
    """The models by the names of their files; of two with one name the later has its number, too.

    Args:
        models: The page's.
        auth: The name and the password that visitors log in with; programs send them as Basic
            authentication.
    """
    names: dict[str, int] = Counter()
    named = {}
    for each in models:
        stem = each.file.stem
        named[f"{stem}-{each.key}" if names[stem] else stem] = each.model
        names[stem] += 1
    basic = auth and f"Basic {b64encode(':'.join(auth).encode()).decode()}"
    return Service(named, authorization=basic)

"""A comparison as one HTML file, with the pictures that changed sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pocketlens.comparing.comparison import Comparison
from pocketlens.comparing.replies import Pair
from pocketlens.comparing.wording import changed, rows, verdict
from pocketlens.pictures.depth import HIGH_BITS
from pocketlens.report.pages import write_page
from pocketlens.report.thumbnails import thumbnails

_MOST = 120


def write_comparison(file: Path, comparison: Comparison) -> None:
    """Writes the page, whole or not at all.

    Raises:
        MissingExtraError: Jinja2 is not installed.
        FileError: It cannot be written.
    """
    first, second = comparison.names
    sides = [(title, len(pairs), list(_drawn(pairs))) for title, pairs in changed(comparison)]
    write_page(
        file,
        "compare.html",
        title=f"{first} and {second}",
        names=comparison.names,
        verdict=verdict(comparison),
        rows=list(rows(comparison)),
        sides=sides,
    )


def _drawn(pairs: Sequence[Pair]) -> Iterator[dict[str, object]]:
    some = pairs[:_MOST]
    pictures = thumbnails([pair.file for pair in some], HIGH_BITS)
    for pair, small in zip(some, pictures, strict=True):
        about = {"file": "/".join(pair.file.parts[-2:]), "shown": pair.shown}
        yield {**small._asdict(), **about, "replies": pair.replies}

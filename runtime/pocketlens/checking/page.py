"""Findings as one HTML file, with the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from pocketlens.checking.findings import TITLES, Finding, Findings
from pocketlens.pictures.depth import OWN_RANGE
from pocketlens.report.pages import write_page
from pocketlens.report.thumbnails import thumbnails

_MOST = 30
"""Findings of one kind that are shown: with 16 kinds, two pictures each, there is room for all."""


def write_findings(file: Path, findings: Findings) -> None:
    """Writes the page, whole or not at all.

    Raises:
        MissingExtraError: Jinja2 is not installed.
        FileError: It cannot be written.
    """
    kinds = []
    for kind, group in groupby(findings.found, key=lambda each: each.kind):
        found = list(group)
        cards = list(_drawn(Path(findings.folder), found[:_MOST]))
        kinds.append((kind, TITLES[kind], len(found), cards))
    name = Path(findings.folder).resolve().name
    write_page(
        file, "check.html", title=f"{name}: what check found", findings=findings, kinds=kinds
    )


def _drawn(folder: Path, found: Sequence[Finding]) -> Iterator[dict[str, Any]]:
    """Each finding with its pictures: the file's own, and the first that it has to do with."""
    files = [(each.file, *each.others[:1]) for each in found]
    made = thumbnails([folder / file for pair in files for file in pair], OWN_RANGE)
    for each, pair in zip(found, files, strict=True):
        pictures = [
            small._asdict() | {"file": file} for file, small in zip(pair, made, strict=False)
        ]
        yield {"finding": each, "pictures": pictures}

"""Findings as text: the table on the terminal, notes, and the list of what to leave out."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from pocketlens.checking.findings import (
    ACROSS_CLASSES,
    ACROSS_SPLITS,
    LOW_RANGE,
    SUFFIX,
    SUSPECTED,
    TITLES,
    Finding,
    Findings,
)
from pocketlens.cli.printing import print_note
from pocketlens.names import counted, printable
from pocketlens.pictures.exclude_list import escape

_SHOWN = 3
_OFFERED = (ACROSS_CLASSES, ACROSS_SPLITS, SUSPECTED)
"""What the list has as comments: a person decides."""
_TO_DO = {
    SUSPECTED: "look at the suspected labels first; move a picture to its right class",
    ACROSS_CLASSES: "of a picture in two classes keep one, or none where it shows both",
    ACROSS_SPLITS: "take what crosses the split out of one part: the figure is too good with it",
    SUFFIX: "rename files whose names say another format",
    LOW_RANGE: "train with --depth own_range",
}


def as_table(findings: Findings) -> Iterator[str]:
    """Lines: counts by kind, worst first, a few files of each, notes."""
    classes = counted(len(findings.classes), "class", "classes")
    yield f"{counted(findings.pictures, 'picture')} of {classes}"
    for kind, group in groupby(findings.found, key=lambda each: each.kind):
        found = list(group)
        look = ", look at them" if found[0].look_at else ""
        yield f"\n{len(found):>6,}  {TITLES[kind]}{look}"
        for each in found[:_SHOWN]:
            yield f"        {printable(each.file)}: {printable(each.reason)}"
        if len(found) > _SHOWN:
            yield f"        and {len(found) - _SHOWN:,} more"
    if findings.notes:
        yield "\nnotes"
        yield from (f"        {printable(note)}" for note in findings.notes)
    if not findings.found and not findings.notes:
        yield "nothing found"


def next_steps(findings: Findings, out: Path | None, exclude_list: Path | None) -> Iterator[str]:
    """Lines: what to do now."""
    kinds = {each.kind for each in findings.found}
    yield from (f"next: {text}" for kind, text in _TO_DO.items() if kind in kinds)
    folder = shlex.quote(findings.folder)
    if not findings.found:
        return
    if exclude_list:
        file = shlex.quote(str(exclude_list))
        yield f"next: edit {file}, then pocketlens train {folder} --exclude-list {file} --out RUN"
    else:
        all_of_them = "" if out else " --out check.json"
        yield (
            f"next: pocketlens check {folder} --exclude-list FILE{all_of_them} writes what to "
            "leave out, to be edited"
        )


def say_findings(findings: Findings) -> None:
    """Prints in two notes at most what the short check before a training found."""
    # Of 16 bits a warning is printed where they are read.
    told = [each for each in findings.found if not each.look_at and each.kind != LOW_RANGE]
    counts = Counter(each.kind for each in told)
    texts = [f"{count:,} {TITLES[kind]}" for kind, count in counts.items()]
    more = f"`pocketlens check {shlex.quote(findings.folder)}` looks closer"
    if texts:
        print_note(f"of {counted(findings.pictures, 'picture')}: {', '.join(texts)}; {more}")
    if findings.notes:
        others = len(findings.notes) - 1
        rest = f" ({others} more: {more})" if others else "" if texts else f" ({more})"
        print_note(f"{findings.notes[0]}{rest}")


def as_exclude_list(findings: Findings) -> str:
    """What a training is surely better without; what a person has to decide, as comments."""
    sure = [each for each in findings.found if each.exclude]
    offered = [each for each in findings.found if not each.exclude and each.kind in _OFFERED]
    lines = [
        f"# What pocketlens check would leave out of {printable(findings.folder)}: a file a line.",
        "# Take away lines of files to keep. Lines that begin with # are comments.",
    ]
    lines += _of_kinds(sure, "")
    if offered:
        lines += ["", "# To be decided by looking: take the # away to leave a picture out."]
        lines += _of_kinds(offered, "#")
    return "\n".join(lines) + "\n"


def _of_kinds(found: list[Finding], mark: str) -> Iterator[str]:
    for kind, group in groupby(found, key=lambda each: each.kind):
        yield f"\n# {TITLES[kind]}"
        for each in group:
            yield f"# {printable(each.reason)}"
            # Either of two classes may be the wrong one.
            both = each.others if kind == ACROSS_CLASSES else ()
            yield from (mark + escape(file) for file in (each.file, *both))

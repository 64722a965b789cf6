"""The facts of each picture -> what is wrong with it by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from pocketlens.checking.facts import PictureFacts
from pocketlens.checking.findings import (
    BLANK,
    BLURRED,
    DARK,
    EXTREME_RATIO,
    LOW_RANGE,
    OVEREXPOSED,
    SUFFIX,
    TINY,
    TITLES,
    TURNED,
    Finding,
)

_KINDS_OF_SUFFIX = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".bmp", ".dib"), "BMP"),
    **dict.fromkeys((".pbm", ".pgm", ".ppm", ".pnm"), "PNM"),
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIC"),
    **{f".{kind.lower()}": kind for kind in ("PNG", "WEBP", "AVIF", "GIF")},
}
_MAY_BE_RIGHT = (EXTREME_RATIO, TURNED, DARK, OVEREXPOSED, BLURRED)
"""A drawing on white is as bright as a photo that is overexposed."""
_COMMON, _MANY = 0.2, 20
"""Of what so many pictures have, the share and the number, it is how this folder is."""

# Measured on 23,000 photos of pets, 4,300 of 92 kinds of things and 600 of clothes, of which each
# names less than 2 in 1,000.
_BLANK_CONTRAST, _EMPTY_CONTRAST = 0.015, 0.004
_DARK_BELOW = 0.3
_BRIGHT_ABOVE = 0.5
_SHARP_FROM = 0.21
_TINY_BELOW = 32
_RATIO_FROM = 4.0


def appearance(
    files: Sequence[str], facts: Sequence[PictureFacts]
) -> tuple[list[Finding], list[str]]:
    """What is wrong with single pictures; what many of them have is one note instead.

    Args:
        files: Relative paths.
        facts: Of each.

    Returns:
        The findings and the notes.
    """
    found = [
        Finding(kind, file, reason, exclude=kind == BLANK, look_at=kind in _MAY_BE_RIGHT)
        for file, each in zip(files, facts, strict=True)
        for kind, reason in _faults(file, each)
    ]
    counts = Counter(each.kind for each in found)
    usual = {kind for kind, n in counts.items() if n > max(_MANY, _COMMON * len(files))}
    usual.discard(BLANK)
    notes = [
        f"{counts[kind]:,} of {len(files):,} pictures: {TITLES[kind]}; "
        + _ADVICE.get(kind, "where that is as it should be, nothing is to be done")
        for kind in sorted(usual)
    ]
    return [each for each in found if each.kind not in usual], notes


_ADVICE = {
    LOW_RANGE: "train with --depth own_range, which stretches the range of each",
    TURNED: "pocketlens turns them upright, other programs may not",
    SUFFIX: "pocketlens goes by the content, other programs may not",
}


def _faults(file: str, facts: PictureFacts) -> Iterator[tuple[str, str]]:
    suffix = PurePosixPath(file).suffix.lower()
    claimed = _KINDS_OF_SUFFIX.get(suffix, facts.kind)
    if claimed != facts.kind:
        yield SUFFIX, f"is {facts.kind}, the name says {suffix}"
    if facts.turned:
        yield TURNED, "EXIF turns it; programs that ignore that see it lying or mirrored"
    if facts.low_range:
        yield LOW_RANGE, "16 bits, of which only the lowest quarter is used: train sees it black"
    yield from ((kind, reason(facts)) for kind, reason, test in _TESTS if test(facts))
    if facts.contrast >= _EMPTY_CONTRAST and not facts.low_range:
        if facts.brightest < _DARK_BELOW:
            yield DARK, f"99% of it is darker than {facts.brightest:.0%} of white"
        elif facts.darkest > _BRIGHT_ABOVE:
            yield OVEREXPOSED, f"99% of it is brighter than {facts.darkest:.0%} of white"
        if facts.contrast >= _BLANK_CONTRAST and facts.sharpness < _SHARP_FROM:
            yield BLURRED, f"its sharpest edges are soft ({facts.sharpness:.2f})"


def _size(facts: PictureFacts) -> str:
    return f"{facts.width}x{facts.height} pixels"


_TESTS: tuple[tuple[str, Callable[[PictureFacts], str], Callable[[PictureFacts], bool]], ...] = (
    (BLANK, lambda facts: "all of one colour", lambda facts: facts.contrast < _BLANK_CONTRAST),
    (TINY, _size, lambda facts: min(facts.width, facts.height) < _TINY_BELOW),
    (EXTREME_RATIO, _size, lambda facts: facts.ratio >= _RATIO_FROM),
)

"""What was found in a folder of pictures, as Python and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pocketlens.errors import DatasetError

FORMAT = 1
UNREADABLE, SUFFIX, TURNED = "unreadable", "suffix", "turned"
EXACT_DUPLICATE, NEAR_DUPLICATE = "exact-duplicate", "near-duplicate"
ACROSS_CLASSES, ACROSS_SPLITS = "across-classes", "across-splits"
BLANK, DARK, OVEREXPOSED, BLURRED = "blank", "dark", "overexposed", "blurred"
TINY, EXTREME_RATIO, LOW_RANGE = "tiny", "extreme-ratio", "low-range-16-bit"
UNLIKE, SUSPECTED = "unlike-its-class", "suspected-label"

TITLES = {
    UNREADABLE: "cannot be read",
    ACROSS_CLASSES: "the same picture in two classes",
    ACROSS_SPLITS: "the same picture in two parts of the split",
    SUSPECTED: "suspected wrong label",
    EXACT_DUPLICATE: "the same bytes as another file",
    NEAR_DUPLICATE: "nearly repeats another picture",
    BLANK: "blank",
    LOW_RANGE: "16 bits, nearly black",
    DARK: "dark",
    OVEREXPOSED: "very bright, perhaps overexposed",
    BLURRED: "blurred",
    TINY: "tiny",
    SUFFIX: "the name says another format",
    UNLIKE: "unlike all others of its class",
    EXTREME_RATIO: "very long and narrow",
    TURNED: "turned by EXIF",
}
"""Every kind of finding, worst first, and what to call it."""


@dataclass(frozen=True)
class Finding:
    """Something about one file.

    Attributes:
        kind: One of TITLES.
        file: Relative to the folder, with "/".
        reason: In words.
        others: The files it has to do with.
        suggested: The class that it probably is of.
        exclude: Whether it is sure that a training is better without it.
        look_at: Whether a person has to judge: often nothing is wrong.
    """

    kind: str
    file: str
    reason: str
    others: tuple[str, ...] = ()
    suggested: str | None = None
    exclude: bool = False
    look_at: bool = False


@dataclass(frozen=True)
class Findings:
    """All that was found in a folder.

    Attributes:
        folder: Its path as it was given.
        pictures: How many could be read.
        classes: How many of them are of each class.
        found: Worst kind first; suspected labels surest first.
        notes: What concerns a class or all of the folder.
    """

    folder: str
    pictures: int
    classes: dict[str, int]
    found: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    def of_kind(self, kind: str) -> list[Finding]:
        """Those of a kind, in their order."""
        return [each for each in self.found if each.kind == kind]

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {"format": FORMAT} | asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Findings:
        """Reads what to_dict() wrote.

        Raises:
            DatasetError: It was written by a newer version, or by something else.
        """
        try:
            if content["format"] != FORMAT:
                raise ValueError(f"format {content['format']!r}, expected {FORMAT}")
            found = [
                Finding(**dict(each) | {"others": tuple(each["others"])})
                for each in content["found"]
            ]
            return cls(
                content["folder"],
                content["pictures"],
                dict(content["classes"]),
                tuple(found),
                tuple(content["notes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(
                f"findings cannot be read ({error}); expected what `pocketlens check --out` writes"
            ) from error


def worst_first(found: list[Finding]) -> tuple[Finding, ...]:
    """By kind; within a kind as they come."""
    order = {kind: place for place, kind in enumerate(TITLES)}
    return tuple(sorted(found, key=lambda each: order[each.kind]))

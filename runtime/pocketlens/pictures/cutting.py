"""Which part of a picture the network sees, and which part of its input that fills."""

from __future__ import annotations

from typing import Any, NamedTuple

SQUASH, LETTERBOX, CENTER = "squash", "letterbox", "center"
CROP_MODES = (SQUASH, LETTERBOX, CENTER)
Region = tuple[float, float, float, float]
EXPECTED_REGION = (
    "x, y, width and height as shares, 0 to 1, of the picture's width and height, within it "
    "(pixels divided by these)"
)
_ROUNDING = 1e-6
"""Shares that someone has rounded may end so far beyond the edge."""


class Box(NamedTuple):
    """A part of a picture or of the network's input, in pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.height, self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )

    def middle(self, shape: tuple[int, int]) -> Box:
        """The largest box in its middle with the aspect ratio of `shape`, height and width."""
        scale = min(self.height / shape[0], self.width / shape[1])
        height, width = (max(1, round(side * scale)) for side in shape)
        top, left = (self.height - height) // 2, (self.width - width) // 2
        return Box(self.top + top, self.left + left, height, width)


def is_region(value: Any) -> bool:
    """Whether it is x, y, width and height as shares of a picture, and within it."""
    if not isinstance(value, tuple) or len(value) != 4:
        return False
    if not all(type(share) in (int, float) for share in value):
        return False
    x, y, width, height = value
    sides = ((x, width), (y, height))
    return all(
        start >= 0 and side > _ROUNDING and start + side <= 1 + _ROUNDING for start, side in sides
    )


def region_text(region: Region) -> str:
    """The region as the command line takes it."""
    return ",".join(f"{share:.10g}" for share in region)


def region_box(size: tuple[int, int], region: Region | None) -> Box:
    """The region of a picture of that height and width, one pixel at least; None: all of it."""
    x, y, width, height = region or (0, 0, 1, 1)
    top, rows = _pixels(y, height, size[0])
    left, columns = _pixels(x, width, size[1])
    return Box(top, left, rows, columns)


def _pixels(start: float, share: float, side: int) -> tuple[int, int]:
    first = min(round(start * side), side - 1)
    return first, max(1, min(round((start + share) * side), side) - first)

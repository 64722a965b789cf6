"""What a picture file says of itself before a pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass

EXPECTED = "expected JPEG, PNG, WebP, AVIF, TIFF, BMP, GIF or PNM"


@dataclass(frozen=True)
class Header:
    """The facts that decide whether and how a file is decoded.

    Attributes:
        width: Pixels of a stored row, before the orientation is applied.
        height: Stored rows.
        content: What the decoder is given: the file, or the parts of it that make a still picture.
        orientation: As in EXIF, 1 to 8; 1 where the decoder itself applies it.
        has_alpha: Whether pixels may be transparent.
        premultiplied: Whether the decoder returns colours that alpha has dimmed already.
        transparent_grey: The value, as decoded, that stands for transparent in a grey picture.
        white: Blue, green and red of white, as decoded; None where they are 255 or 65535.
        is_jpeg: Whether it can be decoded at 1/2, 1/4 and 1/8.
        bits: Of one value in the file.
        white_is_zero: Whether 0 is white in grey values of 16 bits, which come as they are.
        is_rare: Whether other programs may show it where OpenCV refuses it.
    """

    width: int
    height: int
    content: bytes
    orientation: int = 1
    has_alpha: bool = False
    premultiplied: bool = False
    transparent_grey: int | None = None
    white: tuple[int, int, int] | None = None
    is_jpeg: bool = False
    bits: int = 8
    white_is_zero: bool = False
    is_rare: bool = False

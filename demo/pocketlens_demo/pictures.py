"""What was uploaded -> its bytes, pixels and name."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pocketlens.errors import FileMissingError, ImageError, InputTypeError
from pocketlens.names import is_shown
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.files import Limits, read_bytes
from pocketlens.pictures.preprocessing import Preprocessing, decode_for

LIMITS = Limits(max_bytes=20_000_000)
"""Of one photo."""


def picture_bytes(file: dict[str, Any]) -> bytes:
    """The encoded picture that an upload or a frame holds.

    Raises:
        InputTypeError: It is none.
        ImageError: The file is larger than a photo may be, or the frame no base64.
        FileMissingError: The file is gone.
    """
    if not isinstance(file, dict) or not (file.get("path") or file.get("url")):
        raise InputTypeError(
            f"got {file!r:.100}, expected an uploaded file, as handle_file() gives"
        )
    if path := file.get("path"):
        try:
            size = Path(path).stat().st_size
        except OSError as error:
            raise FileMissingError("the upload is gone; upload it again") from error
        if size > LIMITS.max_bytes:
            raise ImageError(f"{size:,} bytes, at most {LIMITS.max_bytes:,} are taken for a photo")
        return read_bytes(path)
    try:
        return base64.b64decode(file["url"].partition(",")[2], validate=True)
    except binascii.Error as error:
        raise ImageError(f"a frame that is no base64 ({error})") from error


def decoded(data: bytes, recipe: Preprocessing) -> Pixels:
    """The pixels that predict() would decode: it gives the same answer for them."""
    return decode_for(data, recipe, LIMITS)


def file_name(file: dict[str, Any]) -> str:
    """What the client calls an upload; to be shown, never to be opened."""
    if not isinstance(file, dict):
        return ""
    return table_name(str(file.get("orig_name") or Path(str(file.get("path"))).name))


def table_name(name: str) -> str:
    """A name on one line, and no longer than a table has room for."""
    return "".join(filter(is_shown, name))[-200:]


def shrunk(pixels: Pixels, longest_side: int) -> Pixels:
    """The picture with no side longer than so many pixels."""
    scale = longest_side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = [max(1, round(side * scale)) for side in pixels.shape[1::-1]]
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)

"""What a client uploads -> its name and its bytes; smaller pictures to look at."""

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
from pocketlens.pictures.files import read_bytes
from pocketlens_demo.limits import MAX_PHOTO


class Upload:
    """A file that Gradio has stored, or a frame of a camera.

    Attributes:
        path: Of the file; None or "" for a frame.
        name: What the client calls it: to be shown, never to be opened.
    """

    def __init__(self, payload: object) -> None:
        """Takes what the client has sent, of any type: read() checks it."""
        fields: dict[str, Any] = payload if isinstance(payload, dict) else {"path": ""}
        self.path = fields.get("path")
        self.name = table_name(str(fields.get("orig_name") or Path(str(self.path)).name))
        self._url = fields.get("url")
        self._payload = payload

    def read(self) -> bytes:
        """The bytes of the picture file.

        Raises:
            InputTypeError: The client has sent no file and no frame.
            ImageError: The file has more than MAX_PHOTO bytes, or the frame is not base64.
            FileMissingError: The file has been removed.
        """
        if self.path:
            try:
                size = Path(self.path).stat().st_size
            except OSError as error:
                raise FileMissingError("the upload is gone; upload it again") from error
            if size > MAX_PHOTO:
                raise ImageError(too_large(size))
            return read_bytes(self.path)
        if not self._url:
            raise InputTypeError(
                f"got {self._payload!r:.100}, expected an uploaded file, as handle_file() gives"
            )
        try:
            return base64.b64decode(self._url.partition(",")[2], validate=True)
        except binascii.Error as error:
            raise ImageError(f"a frame that is no base64 ({error})") from error


def too_large(size: int) -> str:
    """Why a photo of so many bytes is refused."""
    return f"{size / 1e6:.0f} MB; at most {MAX_PHOTO / 1e6:.0f} MB are taken for a photo"


def table_name(name: str) -> str:
    """The name for a table: on one line, its last 200 characters."""
    return "".join(filter(is_shown, name))[-200:]


def shrunk(pixels: Pixels, longest_side: int) -> Pixels:
    """The picture, made smaller where a side is longer than `longest_side` pixels."""
    scale = longest_side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = [max(1, round(side * scale)) for side in pixels.shape[1::-1]]
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)

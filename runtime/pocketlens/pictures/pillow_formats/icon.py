"""Icons and cursors of Windows: a list of pictures, each a PNG or a bitmap with a mask."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

from pocketlens.errors import ImageError
from pocketlens.pictures.files import Limits

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_HEADER, _ENTRY = struct.Struct("<3H"), struct.Struct("<4B2H2I")
_PNG = b"\x89PNG"


def open_icon(data: bytes, plugins: dict[str, type[ImageFile]], limits: Limits) -> ImageFile:
    """Opens the largest picture of an icon or a cursor.

    Args:
        data: The whole file.
        plugins: Pillow's by name, of which "PNG", "DIB" and "ICO" are called.
        limits: What is refused before it is decoded.

    Raises:
        ImageError: It is too large.
        Exception: Nearly any, where it is damaged.
    """
    _, _, count = _HEADER.unpack_from(data)
    starts = range(_HEADER.size, _HEADER.size + count * _ENTRY.size, _ENTRY.size)
    entries = [_ENTRY.unpack_from(data, start) for start in starts]
    # A side of 256 is written as 0. Of several as large, that of most bytes has most colours.
    *_, size, offset = max(entries, key=lambda e: ((e[0] or 256) * (e[1] or 256), e[6]))
    picture = data[offset : offset + size]
    if picture.startswith(_PNG):
        return plugins["PNG"](io.BytesIO(picture))
    bitmap = plugins["DIB"](io.BytesIO(picture))
    width, height = bitmap.width, bitmap.height // 2
    if bitmap.tile[0][0] != "raw":
        raise ImageError("an icon that is packed, expected a plain bitmap or a PNG")
    limits.check_size(width, height)
    (bits,) = struct.unpack_from("<H", picture, 14)
    # The plugin decodes an icon when it is opened, and takes another one for the largest cursor.
    place = _HEADER.size + _ENTRY.size
    entry = _ENTRY.pack(width % 256, height % 256, 0, 0, 1, bits, len(picture), place)
    return plugins["ICO"](io.BytesIO(_HEADER.pack(0, 1, 1) + entry + picture))

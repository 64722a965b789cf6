"""Kinds of picture that Pillow decodes, where the extra `formats` is installed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pocketlens.engine.cores import startable_threads
from pocketlens.errors import FormatError, ImageError
from pocketlens.extras import install_line
from pocketlens.names import counted
from pocketlens.pictures.files import Limits
from pocketlens.pictures.formats import tiff
from pocketlens.pictures.formats.boxes import MOST_LAYERS
from pocketlens.pictures.pillow_formats.heif import item_sizes, own_part
from pocketlens.pictures.pillow_formats.icon import open_icon
from pocketlens.pictures.pillow_formats.signatures import AVIF, HEIC, ICON, TGA, kind_of

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_PARTLY_OWN = (AVIF, "BMP", "GIF", "TIFF")
"""Of these only some kinds are refused, and the refusal names the kind."""
_SLOW = "bmp_rle"
"""The one decoder among these plugins that takes seconds a megapixel; OpenCV has its own."""


def open_checked(data: bytes, refusal: FormatError, limits: Limits) -> ImageFile:
    """Opens what the runtime's own way has refused as a kind; no pixel is decoded yet.

    Args:
        data: The whole file.
        refusal: Raised where Pillow is not to be asked either.
        limits: What is refused, be it the picture or a tile of it.

    Raises:
        FormatError: It is of no kind that Pillow is asked about, or the extra is not installed.
        ImageError: It is damaged or too large.
    """
    kind = kind_of(data)
    if kind is None:
        raise refusal
    try:
        plugins = _plugins(kind)
    except ImportError as error:
        raise FormatError(_advice(kind, data, refusal)) from error
    try:
        if kind in (AVIF, HEIC):
            data = own_part(data)
        _check_pieces(kind, data, limits)
        image = _open(kind, data, plugins, limits)
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # a damaged file leads plugins to nearly any
        if kind in (*_PARTLY_OWN, TGA):
            raise refusal from error
        reason = " ".join(str(error).split())
        raise ImageError(f"{kind} that is damaged or unusual ({reason})") from error
    limits.check_size(*image.size)
    return image


def _advice(kind: str, data: bytes, refusal: FormatError) -> str:
    line = install_line("formats")
    if kind in _PARTLY_OWN:
        return f"{refusal}; {line} reads more kinds"
    size = counted(len(data), "byte")
    return f"looks like {kind} ({size}); {line} reads it, or export it as JPEG"


def _plugins(kind: str) -> dict[str, type[ImageFile]]:
    """Pillow's plugins by name: Image.open() would try all there are, and one runs Ghostscript."""
    if kind == HEIC:
        from pi_heif import HeifImageFile, options

        # It ends the process where it cannot start a thread; with 0 it starts one at most.
        options.DECODE_THREADS = 0
        return {HEIC: HeifImageFile}
    from PIL import (
        AvifImagePlugin,
        BmpImagePlugin,
        GifImagePlugin,
        IcoImagePlugin,
        Jpeg2KImagePlugin,
        PcxImagePlugin,
        PngImagePlugin,
        PsdImagePlugin,
        SgiImagePlugin,
        TgaImagePlugin,
        TiffImagePlugin,
    )

    return {
        "AVIF": AvifImagePlugin.AvifImageFile,
        "BMP": BmpImagePlugin.BmpImageFile,
        "DIB": BmpImagePlugin.DibImageFile,
        "GIF": GifImagePlugin.GifImageFile,
        "ICO": IcoImagePlugin.IcoImageFile,
        "JPEG 2000": Jpeg2KImagePlugin.Jpeg2KImageFile,
        "PCX": PcxImagePlugin.PcxImageFile,
        "PNG": PngImagePlugin.PngImageFile,
        "PSD": PsdImagePlugin.PsdImageFile,
        "SGI": SgiImagePlugin.SgiImageFile,
        "TGA": TgaImagePlugin.TgaImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
    }


def _open(kind: str, data: bytes, plugins: dict[str, type[ImageFile]], limits: Limits) -> ImageFile:
    if kind == ICON:
        return open_icon(data, plugins, limits)
    if kind == HEIC and not startable_threads(1):
        raise ImageError(
            "HEIC takes one thread more than this process may start; allow more, or export as JPEG"
        )
    image = plugins[kind](io.BytesIO(data))
    if image.tile and image.tile[0][0] == _SLOW:
        raise ValueError("run-length code")
    return image


def _check_pieces(kind: str, data: bytes, limits: Limits) -> None:
    """A picture may be put together from larger ones, or from very many."""
    if kind in (AVIF, HEIC):
        sizes = item_sizes(data)
        total = sum(width * height for width, height in sizes)
        if total > MOST_LAYERS * limits.max_pixels:
            raise ImageError(f"{kind} of {len(sizes)} pictures, {total} pixels in all (max_pixels)")
    elif kind == "TIFF":
        sizes = [tiff.tile_size(data)]
    else:
        return
    for width, height in sizes:
        limits.check_size(width, height)

"""A picture file -> what it says of itself, and a few numbers of what it shows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pocketlens.errors import FormatError
from pocketlens.pictures.decoding import Pixels, decode
from pocketlens.pictures.depth import LOW, OWN_RANGE
from pocketlens.pictures.formats import FIRST_BYTES, Header, picture_kind, read_header

_SIDE = 256
"""Of a reduced picture: blur that a network of this size does not see is none."""
_COLOURLESS = 4
"""Levels by which red, green and blue of a grey picture differ at most."""


@dataclass(frozen=True)
class PictureFacts:
    """What can be told of a picture without knowing what it shows.

    Attributes:
        kind: The format by its first bytes, such as "JPEG".
        bytes: Of the file.
        width: Pixels of the upright picture.
        height: Likewise.
        turned: Whether EXIF turns or mirrors it.
        bit_depth: Of one value in the file.
        low_range: Whether it has 16 bits and uses only the lowest quarter, or less, of them.
        brightness: The mean luma, 0 to 1.
        contrast: The standard deviation of luma, 0 to .5.
        darkest: The luma that 1 % of the pixels are below.
        brightest: The luma that 1 % are above.
        sharpness: Of the sharpest edges, 0 to 1: about the inverse of their width, whatever their
            contrast.
        is_grey: Whether it has no colour, however it is stored.
    """

    kind: str
    bytes: int
    width: int
    height: int
    turned: bool
    bit_depth: int
    low_range: bool
    brightness: float
    contrast: float
    darkest: float
    brightest: float
    sharpness: float
    is_grey: bool

    @property
    def ratio(self) -> float:
        """The longer side over the shorter one."""
        return max(self.width, self.height) / min(self.width, self.height)


def picture_facts(data: bytes, pixels: Pixels | None = None) -> PictureFacts:
    """Measures a picture.

    Args:
        data: The file.
        pixels: What decode() made of it, perhaps at a reduced size, so that it is decoded once;
            16 bits stretched to their own range.

    Raises:
        ImageError: The bytes are no picture.
    """
    if pixels is None:
        pixels = decode(data, min_size=(_SIDE, _SIDE), depth=OWN_RANGE)
    try:
        header = read_header(data)
    except FormatError:  # decoded by Pillow
        header = Header(pixels.shape[1], pixels.shape[0], b"")
    size = (header.width, header.height)
    small = _reduced(pixels)
    luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    darkest, brightest = np.quantile(luma, (0.01, 0.99)) / 255
    channels = small.astype(np.int16)
    return PictureFacts(
        kind=picture_kind(data[:FIRST_BYTES]) or "other",
        bytes=len(data),
        width=size[header.orientation >= 5],
        height=size[header.orientation < 5],
        turned=header.orientation != 1,
        bit_depth=header.bits,
        low_range=header.bits == 16 and _uses_low_range(header),
        brightness=float(luma.mean()) / 255,
        contrast=float(luma.std()) / 255,
        darkest=float(darkest),
        brightest=float(brightest),
        sharpness=_sharpness(luma),
        is_grey=bool(np.ptp(channels, axis=2).max() <= _COLOURLESS),
    )


def _reduced(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = _SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _uses_low_range(header: Header) -> bool:
    stored = cv2.imdecode(np.frombuffer(header.content, np.uint8), cv2.IMREAD_UNCHANGED)
    return stored is not None and stored.dtype == np.uint16 and int(stored.max()) < LOW


def _sharpness(luma: npt.NDArray[np.uint8]) -> float:
    """Over an edge the second derivative is to the first as one is to the edge's width."""
    # Rounding would look like edges in what is blurred.
    soft = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), 1)
    across, down = (cv2.Sobel(soft, cv2.CV_32F, x, 1 - x, scale=1 / 8) for x in (1, 0))
    bend = np.abs(cv2.Laplacian(soft, cv2.CV_32F))
    steepest = float(np.quantile(cv2.magnitude(across, down), 0.99))
    return min(1.0, float(np.quantile(bend, 0.99)) / (2 * steepest)) if steepest else 0.0

"""A picture -> the network's input: the one place where it is written."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import Any

import cv2
import numpy as np

from pocketlens.errors import ImageError, ModelError
from pocketlens.pictures.cutting import (
    CENTER,
    CROP_MODES,
    EXPECTED_REGION,
    LETTERBOX,
    SQUASH,
    Box,
    Region,
    is_region,
    region_box,
)
from pocketlens.pictures.decoding import ImageInput, Pixels, decode
from pocketlens.pictures.depth import DEPTHS, HIGH_BITS
from pocketlens.pictures.files import DEFAULT_LIMITS, Limits

_CHANNELS = {"grayscale": 1, "rgb": 3}
_INTERPOLATIONS = ("area_linear", "area")
_DECODES = ("reduced", "full")
_SPARE = 2
"""A reduced JPEG keeps so many times the input size, and a picture below it is interpolated."""


@dataclass(frozen=True)
class Preprocessing:
    """How pixels become the network's input; travels inside the model.

    Attributes:
        input_size: Height and width in pixels.
        color_mode: "grayscale" (ITU-R 601 luma) or "rgb".
        interpolation: "area_linear", OpenCV's INTER_AREA where a side is at least halved, else
            INTER_LINEAR, which is as good there and several times as fast; "area" always is.
        crop_mode: "squash": the whole picture is resized, its aspect ratio is not kept;
            "letterbox": it is kept, and black fills the rest of the input; "center": the largest
            part in the middle that has the input's aspect ratio is resized.
        decode: "reduced", a JPEG is decoded at the smallest of 1, 1/2, 1/4 and 1/8 that leaves both
            sides of what the network sees of it at least twice `input_size`; "full", always whole.
        depth: Of pictures of 16 bits: "high_bits", the 8 high bits of each value; "own_range",
            each picture's range, from its smallest to its largest value, becomes 0 to 255.
        region: The part of each picture that is taken for the picture, before `crop_mode`: x, y,
            width and height as shares, 0 to 1, of the upright picture's width and height. None:
            all of it.
    """

    input_size: tuple[int, int]
    color_mode: str
    interpolation: str = "area_linear"
    crop_mode: str = SQUASH
    decode: str = "reduced"
    depth: str = HIGH_BITS
    region: Region | None = None

    def __post_init__(self) -> None:
        """Refuses settings that this version cannot execute exactly."""
        for name, known in (
            ("color_mode", _CHANNELS),
            ("interpolation", _INTERPOLATIONS),
            ("crop_mode", CROP_MODES),
            ("decode", _DECODES),
            ("depth", DEPTHS),
        ):
            got = getattr(self, name)
            if not isinstance(got, str) or got not in known:
                raise ModelError(
                    f"preprocessing asks for {name}={got!r}, this version knows only "
                    f"{', '.join(known)}; install a newer pocketlens or export the model again"
                )
        size = self.input_size
        if len(size) != 2 or not all(type(side) is int and 1 <= side <= 4096 for side in size):
            raise ModelError(
                f"preprocessing has input_size={size!r}, expected height and width, 1 to 4096 each"
            )
        if self.region is not None and not is_region(self.region):
            raise ModelError(
                f"preprocessing has region={self.region!r}, expected {EXPECTED_REGION}"
            )

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """The shape of one picture at the network's input: height, width, channels."""
        return (*self.input_size, _CHANNELS[self.color_mode])

    @property
    def min_decoded_size(self) -> tuple[int, int] | None:
        """Height and width that a decoded JPEG needs to have; None for those of the file."""
        if self.decode == "full":
            return None
        height, width = (_SPARE * side for side in self.input_size)
        if self.region is None:
            return height, width
        # One more: the region's edges are rounded to pixels.
        _, _, x_share, y_share = self.region
        return math.ceil((height + 1) / y_share), math.ceil((width + 1) / x_share)

    def seen(self, size: tuple[int, int]) -> Box:
        """The part of a picture of that height and width that the network sees."""
        region = region_box(size, self.region)
        return region.middle(self.input_size) if self.crop_mode == CENTER else region

    def filled(self, size: tuple[int, int]) -> Box:
        """The part of the network's input that shows seen(size)."""
        whole = Box(0, 0, *self.input_size)
        return whole.middle(self.seen(size).size) if self.crop_mode == LETTERBOX else whole

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON types."""
        region = None if self.region is None else list(self.region)
        return asdict(self) | {"input_size": list(self.input_size), "region": region}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Preprocessing:
        """Reads what to_dict wrote.

        Raises:
            ModelError: A key is missing, unknown or of a value this version cannot execute.
        """
        expected = {field.name for field in fields(cls)}
        if not isinstance(settings, Mapping) or set(settings) != expected:
            got = sorted(settings) if isinstance(settings, Mapping) else settings
            raise ModelError(
                f"preprocessing holds {got}, this version executes exactly {sorted(expected)}; "
                "install a newer pocketlens or export the model again"
            )
        size, region = settings["input_size"], settings["region"]
        if region is not None:
            region = tuple(region) if isinstance(region, list) else ()
        size = tuple(size) if isinstance(size, list) else ()
        return cls(**{**settings, "input_size": size, "region": region})


def network_input(
    image: ImageInput, preprocessing: Preprocessing, limits: Limits = DEFAULT_LIMITS
) -> Pixels:
    """Decodes and preprocesses a picture: what predict() and training do to each.

    Args:
        image: What decode() takes.
        preprocessing: How pictures become the model's input.
        limits: What is refused before it is read or decoded.

    Returns:
        uint8 of shape `preprocessing.input_shape`.

    Raises:
        PocketLensError: As decode() does.
    """
    with _memory_errors():
        return preprocess(decode_for(image, preprocessing, limits), preprocessing)


def decode_for(
    image: ImageInput, preprocessing: Preprocessing, limits: Limits = DEFAULT_LIMITS
) -> Pixels:
    """The pixels that network_input() begins with; given these, it gives the same.

    Args and errors are those of network_input(), the pixels those of decode().
    """
    with _memory_errors():
        return decode(
            image,
            min_size=preprocessing.min_decoded_size,
            depth=preprocessing.depth,
            limits=limits,
        )


@contextmanager
def _memory_errors() -> Iterator[None]:
    try:
        yield
    except (MemoryError, cv2.error) as error:
        raise ImageError("takes more memory than there is (max_pixels)") from error


def preprocess(pixels: Pixels, preprocessing: Preprocessing) -> Pixels:
    """Turns pixels into the network's input.

    Args:
        pixels: RGB, uint8, of shape HxWx3, as decode() returns them.
        preprocessing: How pictures become the model's input.

    Returns:
        uint8 of shape `preprocessing.input_shape`. Scaling to the network's number range is
        part of the network.
    """
    seen, filled = preprocessing.seen(pixels.shape[:2]), preprocessing.filled(pixels.shape[:2])
    pixels = pixels[seen.slices]
    if preprocessing.color_mode == "grayscale":
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    halved = max(seen.height / filled.height, seen.width / filled.width) >= _SPARE
    is_area = halved or preprocessing.interpolation == "area"
    interpolation = cv2.INTER_AREA if is_area else cv2.INTER_LINEAR
    resized = cv2.resize(pixels, filled.size[::-1], interpolation=interpolation)
    if filled.size != preprocessing.input_size:
        whole = np.zeros((*preprocessing.input_size, *pixels.shape[2:]), np.uint8)
        whole[filled.slices] = resized
        resized = whole
    return np.asarray(resized, np.uint8).reshape(preprocessing.input_shape)

"""The recipe in JavaScript against the one in Python."""

from __future__ import annotations

import io
import itertools
from typing import Any

import cv2
import numpy as np
import pytest

from builders import encode
from pocketlens.metadata.familiarity import Familiarity
from pocketlens.pictures.decoding import decode
from pocketlens.pictures.preprocessing import Preprocessing, network_input, preprocess

RANDOM = np.random.default_rng(0)


def noise(height: int, width: int) -> Any:
    return RANDOM.integers(0, 256, (height, width, 3), np.uint8)


def smooth(height: int, width: int) -> Any:
    """Colours as in a photo: a quarter of full range, so that no value is cut off."""
    small = RANDOM.integers(64, 192, (height // 12, width // 12, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("crop_mode", ["squash", "letterbox", "center"])
@pytest.mark.parametrize("interpolation", ["area", "area_linear"])
@pytest.mark.parametrize("color_mode", ["rgb", "grayscale"])
def test_input_is_the_runtimes_to_the_bit(
    crop_mode: str, interpolation: str, color_mode: str, modules: Any
) -> None:
    # Smaller, larger, both, in whole steps, by two, a single pixel.
    for height, width in ((200, 300), (20, 15), (98, 20), (96, 120), (64, 80), (1, 1), (33, 500)):
        for region in (None, (0.1, 0.25, 0.5, 0.7)):
            recipe = Preprocessing(
                (32, 40), color_mode, interpolation, crop_mode, region=region, decode="full"
            )
            pixels = noise(height, width)
            got = modules.network_input(pixels, recipe)
            np.testing.assert_array_equal(got, preprocess(pixels, recipe), str((height, width)))


@pytest.mark.parametrize("sampling", ["444", "422", "420", "440"])
@pytest.mark.parametrize("side", [150, 300, 600])
def test_reduced_jpeg_is_near(sampling: str, side: int, modules: Any) -> None:
    flag = getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{sampling}")
    picture = smooth(side, side + 41)
    settings = [cv2.IMWRITE_JPEG_QUALITY, 92, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, flag]
    data = cv2.imencode(".jpg", picture, settings)[1].tobytes()
    recipe = Preprocessing((32, 32), "rgb", "area")
    got = modules.network_input(modules.decode(data, recipe), recipe).astype(int)
    difference = np.abs(got - network_input(data, recipe))
    assert difference.mean() < 0.3
    assert difference.max() <= 2


def test_reduced_jpeg_of_every_orientation(modules: Any) -> None:
    pillow = pytest.importorskip("PIL.Image")
    for orientation, size in itertools.product(range(1, 9), ((301, 405),)):
        stream = io.BytesIO()
        image = pillow.fromarray(smooth(*size))
        exif = pillow.Exif()
        exif[0x0112] = orientation
        image.save(stream, "JPEG", quality=92, exif=exif)
        recipe = Preprocessing((32, 32), "rgb", "area")
        pixels = modules.decode(stream.getvalue(), recipe)
        got = modules.network_input(pixels, recipe).astype(int)
        difference = np.abs(got - network_input(stream.getvalue(), recipe))
        assert difference.mean() < 0.3, orientation
        assert difference.max() <= 2, orientation


def test_jpeg_is_reduced_as_far_as_the_runtime_does(modules: Any) -> None:
    for side in (63, 64, 100, 128, 130, 256, 515):
        data = encode(noise(side, side + 3), ".jpg")
        for region in (None, (0.0, 0.5, 0.9, 0.4)):
            recipe = Preprocessing((32, 32), "rgb", region=region)
            shape = decode(data, min_size=recipe.min_decoded_size).shape
            assert modules.decode(data, recipe).shape == shape


def test_familiarity_is_interpolated_as_numpy_does(modules: Any) -> None:
    known = Familiarity((0.0, 0.1, 0.5, 0.9, 1.0), (-3.0, -1.0, -1.0, 2.5, 4.0), 0.02)
    raw = [-9, -3, -2.5, -1, 0, 2.5, 3.9, 4, 99]
    code = """async ([raw, known]) => {
        const { familiarityOf } = await import("/recipe.js");
        return raw.map((each) => familiarityOf(each, known));
    }"""
    got = modules.evaluate(code, [raw, {"levels": known.levels, "quantiles": known.quantiles}])
    np.testing.assert_allclose(got, known.of(np.asarray(raw)), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"depth": "own_range"}, "depth=own_range"),
        ({"crop_mode": "tiles"}, "crop_mode=tiles"),
        ({"mean": [0.5]}, "mean=[0.5]"),
        ({}, None),
    ],
)
def test_unknown_recipe_is_refused_by_name(
    change: dict[str, Any], name: str | None, modules: Any
) -> None:
    code = 'async (recipe) => (await import("/recipe.js")).refusal(recipe)'
    recipe = Preprocessing((32, 32), "rgb").to_dict() | change
    assert modules.evaluate(code, recipe) == name

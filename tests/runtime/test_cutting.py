"""How pictures are cut: which part the network sees, and where in its input that lies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import pocketlens
from builders import COLORS, colors_model, encode, plain
from pocketlens.cli import main
from pocketlens.errors import ModelError
from pocketlens.metadata import Metadata
from pocketlens.pictures.activation_overlay import overlay
from pocketlens.pictures.cutting import CROP_MODES
from pocketlens.pictures.preprocessing import (
    Preprocessing,
    decode_for,
    network_input,
    preprocess,
)

SQUASH = Preprocessing((10, 20), "rgb")
LETTERBOX = replace(SQUASH, crop_mode="letterbox")
CENTER = replace(SQUASH, crop_mode="center")
LOWER_MIDDLE = (0.25, 0.5, 0.5, 0.4)


def noise(height: int, width: int) -> Any:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def smooth(height: int, width: int) -> Any:
    return cv2.resize(noise(3, 4), (width, height), interpolation=cv2.INTER_CUBIC)


def block_means(pixels: Any, side: int) -> Any:
    height, width, _ = pixels.shape
    return pixels.reshape(height // side, side, width // side, side, 3).mean(axis=(1, 3))


def test_center_takes_the_middle() -> None:
    wide, tall = noise(30, 80), noise(90, 40)
    assert np.abs(preprocess(wide, CENTER) - block_means(wide[:, 10:70], 3)).max() <= 0.51
    assert np.abs(preprocess(tall, CENTER) - block_means(tall[35:55], 2)).max() <= 0.51


def test_letterbox_is_filled_with_black() -> None:
    wide, tall = preprocess(noise(24, 80), LETTERBOX), preprocess(noise(60, 30), LETTERBOX)
    assert np.abs(wide[2:8] - block_means(noise(24, 80), 4)).max() <= 0.51
    assert not wide[:2].any()
    assert not wide[8:].any()
    assert np.abs(tall[:, 7:12] - block_means(noise(60, 30), 6)).max() <= 0.51
    assert not tall[:, :7].any()
    assert not tall[:, 12:].any()


@pytest.mark.parametrize("size", [(31, 47), (97, 13), (7, 5), (10, 20), (101, 203)])
@pytest.mark.parametrize("mode", CROP_MODES)
def test_odd_sizes(size: tuple[int, int], mode: str) -> None:
    pixels, (height, width) = noise(*size), size
    expected = np.zeros((10, 20, 3), np.uint8)
    target = expected
    if mode == "center":
        rows = max(1, min(height, round(width / 2)))
        columns = min(width, round(height * 2))
        top, left = (height - rows) // 2, (width - columns) // 2
        pixels = pixels[top : top + rows, left : left + columns]
    if mode == "letterbox":
        rows, columns = min(10, round(20 * height / width)), min(20, round(10 * width / height))
        top, left = (10 - rows) // 2, (20 - columns) // 2
        target = expected[top : top + rows, left : left + columns]
    shrinks = max(pixels.shape[0] / target.shape[0], pixels.shape[1] / target.shape[1]) >= 2
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    target[:] = cv2.resize(pixels.copy(), target.shape[1::-1], interpolation=how)
    np.testing.assert_array_equal(
        preprocess(noise(*size), replace(SQUASH, crop_mode=mode)), expected
    )


@pytest.mark.parametrize("size", [(1, 1), (1, 8000), (4000, 1), (3, 2)])
@pytest.mark.parametrize("mode", CROP_MODES)
@pytest.mark.parametrize("region", [None, (0.5, 0.5, 0.5, 0.5), (0.3, 0.3, 0.001, 0.001)])
def test_the_smallest_pictures(size: tuple[int, int], mode: str, region: Any) -> None:
    got = preprocess(plain(9, 8, 7, size), replace(SQUASH, crop_mode=mode, region=region))
    assert got.shape == (10, 20, 3)
    assert got[4, 9].tolist() == [9, 8, 7]


@pytest.mark.parametrize("mode", CROP_MODES)
def test_grey_input_is_cut_alike(mode: str) -> None:
    settings = replace(SQUASH, crop_mode=mode, region=LOWER_MIDDLE)
    grey = preprocess(smooth(60, 200), replace(settings, color_mode="grayscale"))
    luma = cv2.cvtColor(preprocess(smooth(60, 200), settings), cv2.COLOR_RGB2GRAY)
    assert grey.shape == (10, 20, 1)
    assert np.abs(grey[..., 0].astype(int) - luma).max() <= 2


@pytest.mark.parametrize("mode", CROP_MODES)
@pytest.mark.parametrize("size", [(50, 80), (100, 40), (10, 400)])
def test_a_region_is_cut_before_all_else(mode: str, size: tuple[int, int]) -> None:
    settings, (height, width) = replace(SQUASH, crop_mode=mode), size
    pixels = noise(height, width)
    part = pixels[height // 2 : height * 9 // 10, width // 4 : width * 3 // 4]
    np.testing.assert_array_equal(
        preprocess(pixels, replace(settings, region=LOWER_MIDDLE)),
        preprocess(np.ascontiguousarray(part), settings),
    )


@pytest.mark.parametrize("mode", CROP_MODES)
@pytest.mark.parametrize("region", [None, LOWER_MIDDLE, (0.7, 0.1, 0.3, 0.13)])
@pytest.mark.parametrize("size", [(300, 1600), (1601, 299), (777, 1001)])
def test_a_reduced_jpeg_keeps_enough_of_what_is_seen(
    mode: str, region: Any, size: tuple[int, int]
) -> None:
    settings = Preprocessing((24, 32), "rgb", crop_mode=mode, region=region)
    data = encode(smooth(*size), ".jpg")
    pixels = decode_for(data, settings)
    seen = settings.seen(pixels.shape[:2])
    is_whole = pixels.shape[:2] == size
    assert is_whole or (seen.height >= 48 and seen.width >= 64)
    full = network_input(data, replace(settings, decode="full"))
    difference = np.abs(network_input(data, settings).astype(int) - full)
    assert difference.mean() < 3
    np.testing.assert_array_equal(network_input(pixels, settings), network_input(data, settings))


def test_a_large_jpeg_is_still_reduced() -> None:
    data = encode(smooth(1000, 4000), ".jpg")
    for mode in CROP_MODES:
        settings = Preprocessing((100, 100), "rgb", crop_mode=mode)
        assert decode_for(data, settings).shape == (250, 1000, 3)
        settings = replace(settings, region=(0.1, 0.5, 0.2, 0.5))
        assert decode_for(data, settings).shape == (500, 2000, 3)


def test_a_region_is_of_the_upright_picture() -> None:
    image = pytest.importorskip("PIL.Image")
    upright = plain(0, 0, 250, (80, 40))
    upright[60:, 20:] = (250, 0, 0)
    stored = image.fromarray(np.rot90(upright))
    turned = image.Exif()
    turned[0x0112] = 6
    stored.getexif()[0x0112] = 6
    settings = Preprocessing((4, 4), "rgb", region=(0.5, 0.75, 0.5, 0.25))
    stored.info["exif"] = turned.tobytes()
    assert network_input(stored, settings)[..., 0].min() > 200


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        (replace(SQUASH, input_size=(8, 8), crop_mode="center"), np.s_[:, 20:60]),
        (replace(SQUASH, input_size=(8, 8), region=LOWER_MIDDLE), np.s_[20:36, 20:60]),
        (replace(SQUASH, input_size=(8, 8), crop_mode="letterbox"), np.s_[:, :]),
    ],
)
def test_the_overlay_lies_on_what_was_seen(settings: Preprocessing, place: Any) -> None:
    pixels = plain(128, 128, 128, (40, 80))
    activation_map = np.zeros((8, 8, 2), np.float32)
    # The corner of the picture: in a letterbox two rows of black lie above it.
    activation_map[settings.filled((40, 80)).top, 0, 1] = 5
    shown = overlay(pixels, activation_map, 1, preprocessing=settings)
    part = shown[place]
    assert part[1, 1, 0] > part[1, 1, 2], "red at the class's place"
    assert part[-2, -2, 2] > part[-2, -2, 0], "blue elsewhere"
    rest = shown.copy()
    rest[place] = 128
    assert (rest == 128).all(), "and no colour where the network saw nothing"


def test_the_overlay_of_a_letterbox_is_scaled_to_the_picture() -> None:
    settings = Preprocessing((8, 8), "rgb", crop_mode="letterbox")
    activation_map = np.zeros((8, 8, 2), np.float32)
    activation_map[:1, :, 1] = 90
    activation_map[4:, :4, 1] = 1
    shown = overlay(plain(0, 0, 0, (40, 80)), activation_map, 1, preprocessing=settings, alpha=1)
    assert shown[30, 10, 0] > shown[30, 10, 2], "what speaks in the black bars does not count"


@pytest.mark.parametrize("mode", ["letterbox", "center"])
def test_the_file_carries_it(mode: str, tmp_path: Path) -> None:
    settings = Preprocessing((8, 8), "rgb", crop_mode=mode, region=(0.5, 0, 0.5, 1))
    full = replace(COLORS, preprocessing=settings)
    assert Metadata.from_json(full.to_json()) == full
    assert json.loads(full.to_json())["schema_version"] == 4
    file = tmp_path / "cut.onnx"
    file.write_bytes(colors_model(preprocessing=settings.to_dict()))
    picture = plain(0, 0, 200, (20, 100))
    picture[:, 60:90] = (0, 200, 0)
    model = pocketlens.load_model(file)
    assert model.predict(picture).label == "green"
    assert list(model.predict_many([encode(picture)])) == [model.predict(picture)]


def test_files_of_schema_3_show_the_whole_picture() -> None:
    content = json.loads(COLORS.to_json()) | {"schema_version": 3}
    del content["preprocessing"]["region"]
    assert Metadata.from_json(json.dumps(content)) == COLORS
    content["schema_version"] = 4
    with pytest.raises(ModelError, match="executes exactly"):
        Metadata.from_json(json.dumps(content))


@pytest.mark.parametrize(
    "region",
    [
        [],
        [0, 0, 1],
        [0, 0, 0, 1],
        [0.5, 0, 0.6, 1],
        [-0.1, 0, 0.5, 1],
        [0, 0, float("nan"), 1],
        [0, 0, 5e-324, 1],
        [100, 50, 640, 480],
        ["0", 0, 1, 1],
        [True, 0, 1, 1],
        "0,0,1,1",
        7,
    ],
)
def test_impossible_regions(region: Any) -> None:
    with pytest.raises(ModelError, match=r"region=.* expected x, y, width and height as shares"):
        Preprocessing.from_dict(SQUASH.to_dict() | {"region": region})


def test_a_region_may_end_at_the_edge() -> None:
    for x in range(1, 100):
        settings = replace(SQUASH, region=(x / 100, 0.0, round(1 - x / 100, 2), 1.0))
        assert settings.seen((100, 100)) == (0, x, 100, 100 - x)
    rounded = replace(SQUASH, region=(0.0333333, 0, 0.966667, 1))
    assert rounded.seen((30, 30)) == (0, 1, 30, 29)


def test_card_and_info_show_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cut.onnx"
    settings = Preprocessing((8, 8), "rgb", crop_mode="center", region=LOWER_MIDDLE)
    file.write_bytes(colors_model(preprocessing=settings.to_dict()))
    assert main(["card", str(file)]) == main(["info", str(file)]) == 0
    shown = capsys.readouterr().out.replace("\\", "")
    assert shown.count("crop_mode center") == 2
    assert shown.count("region 0.25,0.5,0.5,0.4") == 2

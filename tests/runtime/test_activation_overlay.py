from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

import pocketlens
from builders import plain
from pocketlens.errors import InputTypeError, ModelError, SettingError
from pocketlens.pictures.activation_overlay import overlay


def test_map_is_returned_when_asked_for(colors_file: Path) -> None:
    model = pocketlens.load_model(colors_file)
    picture = plain(200, 0, 0, (8, 8))
    assert model.predict(picture).activation_map is None
    found = model.predict([picture, picture], explain=True)[1]
    assert found.activation_map is not None
    assert found.activation_map.shape == (8, 8, 3)
    assert found.activation_map.dtype == np.float32
    np.testing.assert_allclose(found.activation_map[..., 0], 200 * 10 / 255, rtol=1e-6)
    assert found == model.predict(picture)


def test_model_without_a_map(tmp_path: Path) -> None:
    from builders import colors_model

    file = tmp_path / "m.onnx"
    file.write_bytes(colors_model().replace(b"activation_map", b"activation_mop"))
    with pytest.raises(ModelError, match="cannot explain"):
        pocketlens.load_model(file).predict(plain(1, 2, 3), explain=True)


def test_overlay_is_red_where_the_class_is() -> None:
    pixels = np.full((60, 90, 3), 128, np.uint8)
    activation_map = np.zeros((4, 6, 2), np.float32)
    activation_map[0, 0, 1] = 5
    shown = overlay(pixels, activation_map, 1)
    assert shown.shape == pixels.shape
    assert shown[2, 2, 0] > shown[2, 2, 2], "red at the class's place"
    assert shown[50, 80, 2] > shown[50, 80, 0], "blue elsewhere"
    other = overlay(pixels, activation_map, 0)
    assert other[2, 2, 2] > other[2, 2, 0], "and blue for the other class"
    np.testing.assert_array_equal(overlay(pixels, activation_map, 1, alpha=0), pixels)


def test_overlay_of_a_flat_map() -> None:
    flat = overlay(np.zeros((6, 6, 3), np.uint8), np.ones((2, 2, 3), np.float32), 2)
    assert (flat == flat[0, 0]).all()


def test_overlays_that_cannot_be() -> None:
    pixels = np.zeros((6, 6, 3), np.uint8)
    with pytest.raises(InputTypeError, match="explain=True"):
        overlay(pixels, None, 0)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="expected 0 to 1"):
        overlay(pixels, np.zeros((2, 2, 2), np.float32), 2)
    with pytest.raises(SettingError, match="class_index='cat'"):
        overlay(pixels, np.zeros((2, 2, 2), np.float32), "cat")  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="alpha=2"):
        overlay(pixels, np.zeros((2, 2, 2), np.float32), 0, alpha=2)
    with pytest.raises(InputTypeError, match="expected uint8"):
        overlay(np.zeros((6, 6, 3)), np.zeros((2, 2, 2), np.float32), 0)  # type: ignore[arg-type]


def test_overlay_of_a_grey_picture_and_a_map_with_nan() -> None:
    broken = np.full((2, 2, 2), np.nan, np.float32)
    assert overlay(np.zeros((6, 9), np.uint8), broken, 0).shape == (6, 9, 3)

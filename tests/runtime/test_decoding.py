from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from builders import encode, plain
from pocketlens.errors import FileError, FileMissingError, ImageError, InputTypeError
from pocketlens.pictures.decoding import decode


@pytest.fixture(scope="module")
def pil() -> Any:
    return pytest.importorskip("PIL.Image")


def test_every_form_of_a_picture_gives_the_same_pixels(photos: list[Path]) -> None:
    for photo in photos:
        pixels = decode(photo)
        assert pixels.dtype == np.uint8
        assert pixels.shape[2] == 3
        for same in (str(photo), photo.read_bytes(), pixels):
            np.testing.assert_array_equal(decode(same), pixels)


def test_channels_are_red_green_blue() -> None:
    assert decode(encode(plain(250, 100, 5)))[0, 0].tolist() == [250, 100, 5]


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("RGB", (250, 100, 5), [250, 100, 5]),
        ("L", 77, [77, 77, 77]),
        ("LA", (77, 0), [255, 255, 255]),
        ("RGBA", (250, 100, 5, 255), [250, 100, 5]),
        ("P", 0, [0, 0, 0]),
        ("I;16", 200 * 257, [200, 200, 200]),
        ("CMYK", (0, 0, 0, 255), [0, 0, 0]),
    ],
)
def test_pil_images(pil: Any, mode: str, color: Any, expected: list[int]) -> None:
    assert decode(pil.new(mode, (4, 3), color))[2, 3].tolist() == expected


def test_png_as_pil_image(pil: Any, photos: list[Path]) -> None:
    png = next(photo for photo in photos if photo.suffix == ".png")
    with pil.open(png) as image:
        np.testing.assert_array_equal(decode(image), decode(png))


def test_grey_array_becomes_rgb() -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    np.testing.assert_array_equal(decode(grey), np.stack([grey] * 3, axis=2))


def test_array_need_not_be_contiguous() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    np.testing.assert_array_equal(decode(picture[::-1, ::2]), picture[::-1, ::2].copy())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(pil: Any, orientation: int, tmp_path: Path) -> None:
    # The upright picture is wider than high, with a dark left and a bright top right corner.
    upright = plain(120, 120, 120, (40, 64))
    upright[:, :16] = 0
    upright[:16, 48:] = 255
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: upright.swapaxes(0, 1)[::-1],
        7: upright.swapaxes(0, 1)[::-1, ::-1],
        8: upright.swapaxes(0, 1)[:, ::-1],
    }[orientation]
    exif = pil.Exif()
    exif[0x0112] = orientation
    file = tmp_path / "photo.jpg"
    pil.fromarray(np.ascontiguousarray(stored)).save(file, exif=exif, quality=98)

    from_file = decode(file)
    with pil.open(file) as image:
        from_pil = decode(image)
    for pixels in (from_file, from_pil):
        assert pixels.shape == upright.shape
        assert np.abs(pixels.astype(int) - upright).mean() < 2


@pytest.mark.parametrize("extension", [".png", ".webp"])
def test_transparency_is_laid_over_white(pil: Any, extension: str, tmp_path: Path) -> None:
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[:4] = (200, 0, 0, 255)
    rgba[4:, :4] = (200, 0, 0, 128)
    file = tmp_path / f"photo{extension}"
    pil.fromarray(rgba).save(file, lossless=True)
    with pil.open(file) as image:
        from_pil = decode(image)
    from_file = decode(file)
    np.testing.assert_array_equal(from_file, from_pil)
    assert from_file[0, 0].tolist() == [200, 0, 0]
    assert from_file[7, 0].tolist() == [227, 127, 127]
    assert from_file[7, 7].tolist() == [255, 255, 255]


def test_transparent_sixteen_bit_png() -> None:
    deep = np.full((4, 4, 4), 200 * 257, np.uint16)
    deep[:2, :, 3] = 0
    pixels = decode(cv2.imencode(".png", deep)[1].tobytes())
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[3, 3].tolist() == [212, 212, 212]


def test_tiff_as_pil_image_is_turned_once(pil: Any, tmp_path: Path) -> None:
    exif = pil.Exif()
    exif[0x0112] = 6
    stored = np.zeros((4, 8, 3), np.uint8)
    stored[:, :4] = 250
    pil.fromarray(stored).save(tmp_path / "photo.tif", exif=exif)
    with pil.open(tmp_path / "photo.tif") as image:
        pixels = decode(image)
    assert pixels.shape == (8, 4, 3)
    assert pixels[0, 0, 0] == 250


def test_sixteen_bit_png_is_scaled_to_eight() -> None:
    deep = cv2.imencode(".png", np.full((4, 4, 3), 200 * 257, np.uint16))[1].tobytes()
    assert decode(deep)[0, 0].tolist() == [200, 200, 200]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"x", "not a picture"),
        (b"hello, this is text", "not a picture"),
        (b"\xff\xd8\xff\xe0 no picture follows", "JPEG without a picture"),
    ],
)
def test_bytes_that_are_no_picture(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=reason):
        decode(data)
    file = tmp_path / "bad.jpg"
    file.write_bytes(data)
    with pytest.raises(ImageError, match=rf"bad\.jpg: {reason}"):
        decode(file)


def test_truncated_jpeg(photos: list[Path]) -> None:
    data = next(photo for photo in photos if photo.suffix == ".jpg").read_bytes()
    with pytest.raises(ImageError, match="cut off"):
        decode(data[: len(data) // 2])


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError, match="no such file"):
        decode(tmp_path / "missing.jpg")
    with pytest.raises(FileNotFoundError):
        decode(str(tmp_path / "missing.jpg"))
    with pytest.raises(FileError, match="is a folder"):
        decode(tmp_path)
    with pytest.raises(FileMissingError):
        decode("null\0character.jpg")
    with pytest.raises(FileError, match="File name too long"):
        decode("long" * 100)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="device or pipe"):
        decode(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["with space.png", "Übergröße-猫-🐈.png", "line\nbreak.png"])
def test_any_file_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(encode(plain(1, 2, 3)))
    assert decode(tmp_path / name)[0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("array", "error", "reason"),
    [
        (np.zeros((8, 8, 3), np.float32), InputTypeError, r"float32 .* expected uint8"),
        (np.zeros((8, 8), bool), InputTypeError, "array of bool"),
        (np.zeros((8, 8, 3), np.int64), TypeError, "array of int64"),
        (np.zeros((8, 8, 4), np.uint8), ImageError, r"shape \(8, 8, 4\), expected HxWx3"),
        (np.zeros((2, 8, 8, 3), np.uint8), ImageError, "several pictures as a list"),
        (np.zeros(8, np.uint8), ValueError, r"shape \(8,\)"),
        (np.zeros((0, 8, 3), np.uint8), ImageError, r"shape \(0, 8, 3\)"),
    ],
)
def test_arrays_that_are_no_picture(array: Any, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        decode(array)


@pytest.mark.parametrize("thing", [None, 3, {"a": 1}, object()])
def test_things_that_are_no_picture(thing: Any) -> None:
    with pytest.raises(InputTypeError, match="expected a path"):
        decode(thing)

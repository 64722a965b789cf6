"""What the browser decodes against what the runtime does."""

from __future__ import annotations

import io
import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from builders import encode
from pocketlens.errors import ImageError
from pocketlens.pictures.decoding import decode

RANDOM = np.random.default_rng(3)
NOISE = RANDOM.integers(0, 256, (37, 53, 3), np.uint8)
PHOTO: Any = cv2.resize(RANDOM.integers(0, 256, (6, 8, 3), np.uint8), (53, 37))


@pytest.mark.parametrize("extension", [".jpg", ".png", ".bmp", ".webp", ".gif"])
def test_same_pixels(extension: str, modules: Any) -> None:
    data = encode(PHOTO, extension)
    difference = np.abs(modules.decode(data).astype(int) - decode(data))
    assert difference.max() <= 1


def test_avif_is_near(modules: Any) -> None:
    """Firefox smooths shared colours otherwise."""
    if not cv2.haveImageWriter("x.avif"):
        pytest.skip("this OpenCV writes no AVIF")
    data = encode(PHOTO, ".avif")
    difference = np.abs(modules.decode(data).astype(int) - decode(data))
    assert difference.max() <= (40 if modules.name == "firefox" else 2)


@pytest.mark.parametrize("extension", [".png", ".webp"])
def test_transparency_is_laid_over_white(extension: str, modules: Any) -> None:
    alpha = RANDOM.integers(0, 256, (37, 53, 1), np.uint8)
    settings = [cv2.IMWRITE_WEBP_QUALITY, 101] if extension == ".webp" else []
    data = cv2.imencode(extension, np.dstack([NOISE, alpha]), settings)[1].tobytes()
    assert np.abs(modules.decode(data).astype(int) - decode(data)).max() <= 1


def test_of_sixteen_bits_the_high_ones_count(modules: Any) -> None:
    deep = RANDOM.integers(0, 65536, (20, 30, 3), np.uint16)
    data = cv2.imencode(".png", deep)[1].tobytes()
    assert np.abs(modules.decode(data).astype(int) - decode(data)).max() <= 1


def test_colour_profile_is_passed_over(modules: Any) -> None:
    pillow = pytest.importorskip("PIL.Image")
    cms = pytest.importorskip("PIL.ImageCms")
    stream = io.BytesIO()
    profile = cms.ImageCmsProfile(cms.createProfile("LAB"))
    pillow.fromarray(NOISE).save(stream, "PNG", icc_profile=profile.tobytes(), gamma=0.2)
    np.testing.assert_array_equal(modules.decode(stream.getvalue()), decode(stream.getvalue()))


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp"])
def test_cut_off_is_refused(extension: str, modules: Any) -> None:
    data = encode(NOISE, extension)
    for share in (0.3, 0.9):
        cut = data[: int(share * len(data))]
        with pytest.raises(ImageError):
            decode(cut)
        assert "damaged or cut off" in str(modules.decode(cut))


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def large() -> bytes:
    """A PNG of 10,000 x 10,000 pixels by its header."""
    data = bytearray(encode(np.zeros((10, 10, 3), np.uint8)))
    data[16:24] = (10_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The file is empty."),
        (b"hello", "This is no picture"),
        (HEIC, "A HEIC file, which this browser cannot open"),
        (SVG, "An SVG is a drawing"),
        (b"%PDF-1.7", "A PDF file"),
        (b"II*\0" + bytes(50), "A TIFF file"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "The file is damaged or cut off"),
        (large(), "10,000 x 10,000 pixels; at most 64 million"),
    ],
)
def test_bad_file_is_told_in_a_sentence(data: bytes, said: str, modules: Any) -> None:
    assert str(modules.decode(data)).startswith(said)

"""Every format and kind against its 8-bit sRGB twin as Pillow shows it: upright, over white."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pocketlens.errors import FormatError, ImageError
from pocketlens.pictures.decoding import decode
from pocketlens.pictures.formats import read_header

pytest.importorskip("PIL")

from PIL import Image, TiffImagePlugin

from fuzz import originals
from odd import bmp, gif
from odd.boxes import Item, build, full_box

SIZE = (96, 64)
CLOSE = 2.0
"""Grey levels, mean."""


def picture() -> Image.Image:
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC)


RGB = picture()
ALPHA = Image.linear_gradient("L").resize(SIZE)
RGBA = RGB.copy()
RGBA.putalpha(ALPHA)
GREY = RGB.convert("L")
GREY_ALPHA = Image.merge("LA", (GREY, ALPHA))
PALETTE = RGB.quantize(64)
BITS = b"\2\1\3\0\1\0\0\0"
"""The entry of a TIFF before the number of bits."""
DEEP_RGB = np.asarray(RGB)[..., ::-1].astype(np.uint16) * 257


def save(image: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def encoded(extension: str, pixels: Any) -> bytes:
    return cv2.imencode(extension, pixels)[1].tobytes()


def over_white(image: Image.Image) -> Any:
    if image.mode in ("RGBA", "LA") or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return np.asarray(image.convert("RGB")).astype(int)


def assert_close(data: bytes, expected: Any) -> None:
    got = decode(data)
    assert got.shape == expected.shape
    assert np.abs(got.astype(int) - expected).mean() <= CLOSE


def ftyp(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(99)


KINDS: dict[str, tuple[bytes, Image.Image]] = {
    "jpeg": (save(RGB, "JPEG", quality=95), RGB),
    "jpeg progressive": (save(RGB, "JPEG", quality=95, progressive=True), RGB),
    "jpeg grey": (save(GREY, "JPEG", quality=95), GREY),
    "jpeg with data after its end": (save(RGB, "JPEG", quality=95) + b"video" * 9, RGB),
    "png": (save(RGB, "PNG"), RGB),
    "png grey": (save(GREY, "PNG"), GREY),
    "png grey alpha": (save(GREY_ALPHA, "PNG"), GREY_ALPHA),
    "png alpha": (save(RGBA, "PNG"), RGBA),
    "png palette": (save(PALETTE, "PNG"), PALETTE),
    "png bilevel": (save(GREY.convert("1"), "PNG"), GREY.convert("1")),
    "png 16-bit": (encoded(".png", DEEP_RGB), RGB),
    "png 16-bit grey": (encoded(".png", np.asarray(GREY).astype(np.uint16) * 257), GREY),
    "png 16-bit alpha": (
        encoded(".png", np.dstack([DEEP_RGB, np.asarray(ALPHA).astype(np.uint16) * 257])),
        RGBA,
    ),
    "png animated": (save(RGBA, "PNG", save_all=True, append_images=[RGBA.rotate(180)]), RGBA),
    "webp": (save(RGB, "WEBP", quality=95), RGB),
    "webp lossless alpha": (save(RGBA, "WEBP", lossless=True), RGBA),
    "webp lossy alpha": (save(RGBA, "WEBP", quality=98), RGBA),
    "webp animated": (
        save(RGBA, "WEBP", save_all=True, append_images=[RGBA.rotate(180)], lossless=True),
        RGBA,
    ),
    "avif": (save(RGB, "AVIF", quality=95), RGB),
    "avif alpha": (save(RGBA, "AVIF", quality=98), RGBA),
    "avif grey": (save(GREY, "AVIF", quality=95), GREY),
    "avif animated": (
        save(RGB, "AVIF", quality=95, save_all=True, append_images=[RGB.rotate(180)]),
        RGB,
    ),
    "tiff": (save(RGB, "TIFF"), RGB),
    "tiff lzw": (save(RGB, "TIFF", compression="tiff_lzw"), RGB),
    "tiff jpeg": (save(RGB, "TIFF", compression="jpeg"), RGB),
    "tiff grey": (save(GREY, "TIFF"), GREY),
    "tiff palette": (save(PALETTE, "TIFF"), PALETTE),
    "tiff fax": (save(GREY.convert("1"), "TIFF", compression="group4"), GREY.convert("1")),
    "tiff alpha": (save(RGBA, "TIFF"), RGBA),
    "tiff alpha without a word": (encoded(".tiff", np.asarray(RGBA)[..., [2, 1, 0, 3]]), RGBA),
    "tiff cmyk": (save(RGB.convert("CMYK"), "TIFF"), RGB),
    "tiff 16-bit": (encoded(".tiff", DEEP_RGB), RGB),
    "bmp": (save(RGB, "BMP"), RGB),
    "bmp palette": (save(PALETTE, "BMP"), PALETTE),
    "bmp alpha": (encoded(".bmp", np.asarray(RGBA)[..., [2, 1, 0, 3]]), RGBA),
    "pbm": (save(GREY.convert("1"), "PPM"), GREY.convert("1")),
    "pgm": (save(GREY, "PPM"), GREY),
    "ppm": (save(RGB, "PPM"), RGB),
    "ppm, another after it": (save(RGB, "PPM") + save(GREY, "PPM"), RGB),
    "gif": (save(PALETTE, "GIF"), PALETTE),
    "gif animated": (
        save(PALETTE, "GIF", save_all=True, append_images=[PALETTE.rotate(180)]),
        PALETTE,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_as_its_twin(kind: str) -> None:
    data, twin = KINDS[kind]
    assert_close(data, over_white(twin))


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "L"), ("PNG", "P"), ("PNG", "RGB"), ("GIF", "L"), ("GIF", "P")]
)
def test_one_colour_that_stands_for_transparent(form: str, mode: str) -> None:
    image = PALETTE if mode == "P" else RGB.convert(mode)
    key: Any = image.getpixel((40, 30))
    data = save(image, form, transparency=key)
    with Image.open(io.BytesIO(data)) as shown:
        expected = over_white(shown)
    assert (expected == 255).all(axis=2).any()
    assert_close(data, expected)


def test_cmyk_jpeg_as_pillow_shows_it() -> None:
    data = save(RGB.convert("CMYK"), "JPEG", quality=95)
    with Image.open(io.BytesIO(data)) as shown:
        assert_close(data, over_white(shown))


@pytest.mark.parametrize("screen", [(120, 80), (50, 80), (10, 10)])
def test_gif_frame_of_another_size_than_its_screen(screen: tuple[int, int]) -> None:
    data = bytearray(save(PALETTE, "GIF", transparency=0))
    data[6:10] = b"".join(side.to_bytes(2, "little") for side in screen)
    with Image.open(io.BytesIO(bytes(data))) as shown:
        expected = over_white(shown)
    assert expected.shape == (max(64, screen[1]), max(96, screen[0]), 3)
    assert_close(bytes(data), expected)


@pytest.mark.parametrize(
    ("form", "transparent"),
    [("JPEG", False)]
    + [(form, alpha) for form in ("PNG", "WEBP", "AVIF", "TIFF") for alpha in (False, True)],
)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_every_format(form: str, transparent: bool, orientation: int) -> None:
    undo: dict[int, Any] = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = RGBA if transparent else RGB
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    options |= {"quality": 98} if form in ("JPEG", "AVIF") else {}
    data = save(stored, form, exif=exif, **options)
    assert_close(data, over_white(upright))


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("min_size", "shape"),
    [
        (None, (600, 800)),
        ((76, 101), (150, 200)),
        ((75, 100), (75, 100)),
        ((301, 20), (600, 800)),
        ((20, 400), (300, 400)),
    ],
)
def test_jpeg_is_reduced_as_far_as_both_sides_allow(
    min_size: tuple[int, int] | None, shape: tuple[int, int], orientation: int
) -> None:
    upright = RGB.resize((800, 600), Image.Resampling.BICUBIC)
    stored = upright.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decode(save(stored, "JPEG", exif=exif, quality=95), min_size=min_size)
    assert pixels.shape == (*shape, 3)
    expected = cv2.resize(np.asarray(upright), shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(pixels.astype(int) - expected).mean() < CLOSE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (save(GREY_ALPHA, "TIFF"), "2 samples of 8 bits"),
        (save(RGB.convert("LAB"), "TIFF"), "photometric 8"),
        (save(GREY.convert("F"), "TIFF"), "format 3"),
        (save(RGB, "TIFF", compression="zstd"), "compression 50000"),
        (save(GREY, "TIFF").replace(BITS + b"\x08", BITS + b"\x04"), "1 samples of 4 bits"),
        (save(RGB, "ICO"), "looks like an icon"),
        (save(RGB, "JPEG2000"), "looks like JPEG 2000"),
        (save(RGB, "TGA"), r"\(CUR\) or TGA"),
        (bmp.FILES["header of 16"], "24 bits, .* header of 16 bytes"),
        (bmp.FILES["10 bits, header of 108"], "masks"),
        (gif.FILES["zeros before the frame"], "something else where its picture should be"),
        (
            build([Item(1, b"av01", [b"data"], [full_box(b"ispe", bytes(8))], method=2)]),
            "made of other items' data",
        ),
        (ftyp(b"heic"), r"HEIC \(brand heic\) .* export it as JPEG"),
        (ftyp(b"mif1"), r"HEIC \(brand mif1\)"),
        (ftyp(b"hevs"), r"HEIC \(brand hevs\)"),
        (b"\x0a\5\1\x08" + bytes(99), "looks like PCX"),
        (b"\x01\xda\1\1\0\3" + bytes(99), "looks like SGI"),
        (ftyp(b"avis"), "an AVIF sequence"),
        (ftyp(b"crx "), "a camera raw"),
        (ftyp(b"qt  "), "a video"),
        (b"RIFF\x99\0\0\0AVI LIST" + bytes(99), "a video"),
        (b"\xff\x0a" + bytes(99), "JPEG XL .* export it as JPEG"),
        (b"\0\0\2\0\1\0" + bytes(99), "a cursor"),
        (b"8BPS\0\1" + bytes(99), "Photoshop"),
        (bytes(128) + b"DICM" + bytes(99), "DICOM"),
        (b"IIU\0" + bytes(99), "a camera raw"),
        (b"P7\nWIDTH 1\n", "PAM"),
        (b"\xef\xbb\xbf\n<html>", "SVG, HTML or XML"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
    ],
)
def test_kind_that_is_not_supported(data: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read_header(data)


def test_kind_that_is_not_supported_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(ftyp(b"crx "))
    with pytest.raises(FormatError, match=r"photo\.jpg: looks like a camera raw"):
        decode(tmp_path / "photo.jpg")


@pytest.mark.parametrize(
    ("tag", "kind"), [pytest.param(254, 4, id="a preview"), pytest.param(50706, 1, id="DNG")]
)
def test_tiff_that_begins_with_a_preview(tag: int, kind: int) -> None:
    image = Image.new("L", (4, 3))
    entries = TiffImagePlugin.ImageFileDirectory_v2()
    entries.tagtype[tag] = kind
    entries[tag] = 1
    with pytest.raises(ImageError, match="camera raw") as caught:
        decode(save(image, "TIFF", tiffinfo=entries))
    # Other decoders show the preview: they are not to be tried.
    assert not isinstance(caught.value, FormatError)
    with pytest.raises(ImageError, match="camera raw"):
        decode(b"II*\0\x10\0\0\0CR\2\0" + bytes(9))


@pytest.mark.parametrize("most", [1, 100, 255, 256, 1023, 4095, 65535])
@pytest.mark.parametrize("kind", [2, 3, 5, 6])
def test_pnm_of_every_depth(kind: int, most: int) -> None:
    values = np.asarray(RGB).astype(int)[..., : 3 if kind in (3, 6) else 1] * most // 255
    text = " ".join(map(str, values.ravel())).encode()
    binary = values.astype(">u2" if most > 255 else np.uint8).tobytes()
    data = b"P%d # a comment\n96 64\n%d\n" % (kind, most) + (text if kind < 4 else binary)
    with Image.open(io.BytesIO(data)) as image:
        shown = np.asarray(image).astype(int).reshape(values.shape)
    assert np.abs(decode(data) - (shown >> 8 if image.mode == "I" else shown)).max() <= 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"P5\n60000 60000\n255\n" + bytes(9), "PNM of 3600000019 bytes at least, cut off"),
        (b"P6 2 2 255\n" + bytes(11), "cut off after 22"),
        (b"P4 9 2\n" + bytes(3), "cut off"),
        (b"P2 3 1 9\n1 2 ", "cut off"),
        (b"P2 3 1 9\n1 2  ", "cut off"),
        (b"P5 2 2 0\n" + bytes(4), "values up to 0, expected 1 to 65535"),
        (b"P5 2 2 65536\n" + bytes(8), "values up to 65536"),
        (b"P5 2\n", "without a width and a height"),
        (b"P5" + b"# comment" * 99999, "without a width and a height"),
        (b"P5" + b" " * 99999 + b"2 2 255\n" + bytes(4), "without a width and a height"),
    ],
)
def test_pnm_that_is_damaged(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        decode(data)


# Of these the last tenth is no part of the first picture.
LONGER = ("tiff alpha", "webp animated", "gif animated", "png animated")


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        (kind, share)
        for kind in originals()
        for share in (0.1, 0.5, 0.9)
        if share < 0.9 or kind not in LONGER
    ],
)
def test_picture_that_is_cut_off(kind: str, share: float) -> None:
    data = originals()[kind]
    with pytest.raises(ImageError):
        decode(data[: int(len(data) * share)])

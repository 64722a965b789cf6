"""The same picture through every door: one answer, or one class of error for one reason."""

from __future__ import annotations

import gc
import io
import json
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

for library in ("gradio", "PIL", "pi_heif"):
    pytest.importorskip(library)

import gradio
import pi_heif
from PIL import Image, PngImagePlugin

import pocketlens
from builders import DATA, encode, plain
from fuzz import save
from pocketlens.cli import main
from pocketlens.errors import FormatError, ImageError, PocketLensError
from pocketlens.pictures.decoding import decode
from pocketlens_demo.answering import answer
from pocketlens_demo.api import add_endpoints
from pocketlens_demo.bulk import answers
from pocketlens_demo.zips import named_pictures

Scores = dict[str, float]
Door = Callable[[bytes, Path], Scores]


def pictures() -> dict[str, bytes]:
    # No two sides or corners are alike, and no side is long enough for a reduced JPEG.
    pixels = np.zeros((20, 28, 3), np.uint8)
    pixels[:5] = (250, 30, 10)
    pixels[10:, :6] = (20, 200, 90)
    pixels[12:, 20:] = (5, 60, 255)
    rgb = Image.fromarray(pixels)
    alpha = Image.linear_gradient("L").resize(rgb.size)
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    grey, palette = rgb.convert("L"), rgb.quantize(8)
    deep = np.asarray(rgb).astype(np.uint16)[..., ::-1] * 257
    deep_grey = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = exif.tobytes()
    xmp = PngImagePlugin.PngInfo()
    xmp.add_itxt("XML:com.adobe.xmp", '<x tiff:Orientation="6"/>')
    return {
        "jpeg turned": save(rgb, "JPEG", quality=95, exif=turned),
        "jpeg cmyk": save(rgb.convert("CMYK"), "JPEG", quality=95),
        "png": save(rgb, "PNG"),
        "png turned": save(rgb, "PNG", exif=turned),
        "png that XMP alone turns": save(rgb, "PNG", pnginfo=xmp),
        "png alpha": save(rgba, "PNG"),
        "png grey alpha": save(Image.merge("LA", (grey, alpha)), "PNG"),
        "png palette": save(palette, "PNG", transparency=bytes(range(0, 256, 32))),
        "png one colour transparent": save(grey, "PNG", transparency=0),
        "png deep": cv2.imencode(".png", deep)[1].tobytes(),
        "png deep grey": save(deep_grey, "PNG"),
        "pgm deep": save(deep_grey, "PPM"),
        "png deep grey transparent": save(deep_grey, "PNG", transparency=0),
        "tiff deep grey turned": save(deep_grey, "TIFF", exif=turned),
        "tiff cmyk": save(rgb.convert("CMYK"), "TIFF"),
        "tiff grey alpha": save(Image.merge("LA", (grey, alpha)), "TIFF"),
        "webp turned": save(rgb, "WEBP", lossless=True, exif=turned),
        "gif": save(palette, "GIF", transparency=1),
        "bmp": save(rgb, "BMP"),
        "avif turned": save(rgba, "AVIF", quality=100, exif=turned),
        "heic turned": (DATA / "turned.heic").read_bytes(),
        "heic alpha": (DATA / "transparent.heic").read_bytes(),
        "jpeg 2000": save(rgba, "JPEG2000"),
        "tga": save(rgba, "TGA"),
        "icon": save(rgba, "ICO", bitmap_format="bmp", sizes=[(28, 20)]),
    }


PICTURES = pictures()
NOT_EXACT = ("jpeg turned", "jpeg cmyk", "tiff cmyk", "avif turned")
"""Here Pillow's decoder is another one than OpenCV's."""
BROKEN: dict[str, tuple[bytes, type[PocketLensError], str]] = {
    "empty": (b"", ImageError, "empty (0 bytes)"),
    "text": (b"Dear all, this is text.", FormatError, "not a picture (23 bytes)"),
    "a page": (b"<html><body>404</body></html>", FormatError, "looks like SVG, HTML or XML"),
    "a cut PNG": (encode(plain(9, 9, 9))[:60], ImageError, "cut off"),
    "a cut JPEG": (encode(plain(9, 9, 9, (99, 99)), ".jpg")[:-300], ImageError, "cut off"),
    "a cut HEIC": (PICTURES["heic turned"][:-200], ImageError, "box runs past its end"),
    "floats": (save(Image.new("F", (9, 9)), "TIFF"), ImageError, "(mode F), expected 8 or 16"),
    "a bomb": (
        struct.pack("<3B2HB4H2B", 0, 0, 11, 0, 0, 0, 0, 0, 65_000, 65_000, 8, 0) + bytes(99),
        ImageError,
        "65000x65000 pixels, at most 64000000",
    ),
}


@pytest.fixture(scope="module")
def model() -> pocketlens.Classifier:
    return pocketlens.load_model(intra_op_num_threads=1, min_familiarity=0)


def upload(file: Path) -> dict[str, Any]:
    return {"path": str(file), "orig_name": file.name}


def raised(answer: Any) -> Scores:
    """The scores, or the error that was handed over in their place."""
    if isinstance(answer, PocketLensError):
        raise answer
    return dict(answer.scores)


@pytest.fixture(scope="module")
def doors(model: pocketlens.Classifier) -> Iterator[dict[str, Door]]:
    with warnings.catch_warnings():
        # Gradio leaves event loops behind.
        warnings.simplefilter("ignore", ResourceWarning)
        with gradio.Blocks(analytics_enabled=False) as page:
            add_endpoints(model, {}, {})
        gc.collect()
    called: dict[str, Any] = {}
    for function in filter(None, (each.fn for each in page.fns.values())):
        called.setdefault(f"{function.__module__}.{function.__name__}", function)

    def zipped(data: bytes, file: Path) -> Scores:
        archive = file.with_suffix(".zip")
        with zipfile.ZipFile(archive, "w") as content:
            content.writestr("photo.jpg", data)
        return raised(*answers(model, named_pictures([upload(archive)])))

    yield {
        "path": lambda data, file: model.predict(file).scores,
        "name": lambda data, file: model.predict(str(file)).scores,
        "bytes": lambda data, file: model.predict(data).scores,
        "list": lambda data, file: model.predict([data])[0].scores,
        "array": lambda data, file: model.predict(decode(data)).scores,
        "predict_many": lambda data, file: raised(*model.predict_many([data])),
        "endpoint": lambda data, file: called["pocketlens_demo.api.predict"](upload(file))[
            "scores"
        ],
        "page": lambda data, file: dict(answer(model, data, explain=True)["scores"]),
        "upload": lambda data, file: raised(*answers(model, named_pictures([upload(file)]))),
        "zip": zipped,
    }


def by_pillow(model: pocketlens.Classifier, data: bytes) -> Scores:
    pi_heif.register_heif_opener()
    with Image.open(io.BytesIO(data)) as image:
        return model.predict(image).scores


@pytest.mark.parametrize("name", PICTURES)
def test_one_answer(
    name: str, doors: dict[str, Door], model: pocketlens.Classifier, tmp_path: Path
) -> None:
    data, file = PICTURES[name], tmp_path / "photo.jpg"
    file.write_bytes(data)
    expected = model.predict(data).scores
    for door, ask in doors.items():
        assert ask(data, file) == pytest.approx(expected, abs=1e-6), door
    close = 0.01 if name in NOT_EXACT else 1e-6
    assert by_pillow(model, data) == pytest.approx(expected, abs=close)


@pytest.mark.parametrize("name", BROKEN)
def test_one_class_of_error(name: str, doors: dict[str, Door], tmp_path: Path) -> None:
    data, kind, reason = BROKEN[name]
    file = tmp_path / "photo.jpg"
    file.write_bytes(data)
    for door, ask in doors.items():
        with pytest.raises(PocketLensError) as caught:
            ask(data, file)
        assert type(caught.value) is kind, door
        assert reason in str(caught.value), door


def test_the_command_line_says_the_same(
    model: pocketlens.Classifier, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contents = PICTURES | {name: data for name, (data, _, _) in BROKEN.items()}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    files = [str(tmp_path / name) for name in contents]
    assert main(["predict", *files, "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for (name, data), row in zip(contents.items(), rows, strict=True):
        if name in BROKEN:
            assert BROKEN[name][2] in row["error"]
        else:
            assert row["scores"] == pytest.approx(model.predict(data).scores, abs=1e-6)


def test_without_the_extra_every_door_names_it(
    doors: dict[str, Door], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    data, file = PICTURES["heic turned"], tmp_path / "photo.heic"
    file.write_bytes(data)
    for door, ask in doors.items():
        with pytest.raises(FormatError) as caught:
            ask(data, file)
        assert "[formats]" in str(caught.value), door


def test_pil_images_that_are_broken(model: pocketlens.Classifier) -> None:
    whole = encode(plain(9, 9, 9, (200, 200)) + np.arange(200, dtype=np.uint8)[:, None])
    for data in (whole[:-200], whole[:60], PICTURES["tga"][:-100], PICTURES["avif turned"][:-90]):
        with pytest.raises(ImageError, match="damaged"):
            by_pillow(model, data)
    image = Image.open(io.BytesIO(whole))
    image.close()
    with pytest.raises(ImageError, match="damaged"):
        model.predict(image)

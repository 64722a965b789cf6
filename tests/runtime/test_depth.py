"""Pictures of 16 bits: which 8 bits of them a model takes, and what is said of dark ones."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import pocketlens
from builders import COLORS, colors_model, encode, plain
from pocketlens.cli import main
from pocketlens.errors import DepthWarning, InputTypeError, ModelError
from pocketlens.metadata import Metadata
from pocketlens.pictures import depth
from pocketlens.pictures.decoding import decode
from pocketlens.pictures.preprocessing import Preprocessing, decode_for, network_input

OWN_RANGE = Preprocessing((8, 8), "rgb", depth="own_range")
# As a camera of 12 bits writes it: from 96 to 4000.
GREY = np.linspace(96, 4000, 12 * 16).reshape(12, 16).astype(np.uint16)
BGR = np.dstack([GREY, GREY // 2, GREY[::-1]])


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth, "_is_said", False)


def encoded(extension: str, pixels: Any) -> bytes:
    return cv2.imencode(extension, pixels)[1].tobytes()


def stretched(pixels: Any) -> Any:
    low, high = int(pixels.min()), int(pixels.max())
    return np.rint((pixels.astype(float) - low) * 255 / (high - low)).astype(int)


def white_is_zero(pixels: Any) -> bytes:
    """A grey TIFF of 16 bits whose values count from white."""
    height, width = pixels.shape
    body: bytes = pixels.astype("<u2").tobytes()
    tags = [(256, width), (257, height), (258, 16), (259, 1), (262, 0), (273, 8), (277, 1)]
    tags += [(278, height), (279, len(body))]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    start = struct.pack("<I", 8 + len(body))
    return b"II*\0" + start + body + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_own_range_is_stretched(extension: str) -> None:
    grey, color = (encoded(extension, pixels) for pixels in (GREY, BGR))
    expected = np.dstack([stretched(GREY)] * 3)
    assert np.abs(decode(grey, depth="own_range") - expected).max() <= 1
    assert np.abs(decode(color, depth="own_range") - stretched(BGR)[..., ::-1]).max() <= 1
    for data, pixels in ((grey, np.dstack([GREY] * 3)), (color, BGR[..., ::-1])):
        with pytest.warns(DepthWarning) if data is grey else warnings.catch_warnings():
            assert np.abs(decode(data).astype(int) - (pixels >> 8)).max() <= 1


def test_white_may_be_zero() -> None:
    inverted = np.dstack([255 - stretched(GREY)] * 3)
    data = white_is_zero(GREY)
    assert np.abs(decode(data, depth="own_range") - inverted).max() <= 1
    with pytest.warns(DepthWarning):
        assert np.abs(decode(data).astype(int) - (65535 - np.dstack([GREY] * 3) >> 8)).max() <= 1


def test_transparency_has_no_part_in_the_range() -> None:
    alpha = np.full(GREY.shape, 65535, np.uint16)
    alpha[:6] = 0
    got = decode(encoded(".png", np.dstack([BGR, alpha])), depth="own_range")
    assert (got[:6] == 255).all()
    assert np.abs(got[6:] - stretched(BGR)[6:, :, ::-1]).max() <= 1


def test_pictures_of_8_bits_are_not_touched(photos: list[Path]) -> None:
    for data in (photos[0].read_bytes(), encode(plain(3, 4, 5)), encode(plain(3, 4, 5), ".tiff")):
        np.testing.assert_array_equal(decode(data, depth="own_range"), decode(data))


def test_a_picture_of_one_value_is_black() -> None:
    assert decode(encoded(".png", np.full((4, 4), 900, np.uint16)), depth="own_range").max() == 0


def test_pil_images_of_16_bits() -> None:
    image = pytest.importorskip("PIL.Image")
    for extension in (".png", ".tiff"):
        data = encoded(extension, GREY)
        with image.open(io.BytesIO(data)) as opened:
            np.testing.assert_array_equal(
                decode(opened, depth="own_range"), decode(data, depth="own_range")
            )
    big = image.frombytes("I;16B", (16, 12), GREY.astype(">u2").tobytes())
    np.testing.assert_array_equal(decode(big, depth="own_range"), decode(data, depth="own_range"))
    with image.open(io.BytesIO(white_is_zero(GREY))) as opened:
        np.testing.assert_array_equal(
            decode(opened, depth="own_range"), decode(white_is_zero(GREY), depth="own_range")
        )
    stream = io.BytesIO()
    image.fromarray(GREY * 16).save(stream, "PNG", transparency=int(GREY[3, 3]) * 16)
    with image.open(stream) as opened:
        got = decode(opened)
        np.testing.assert_array_equal(got, decode(stream.getvalue()))
    assert got[3, 3].tolist() == [255, 255, 255] != got[3, 4].tolist()


@pytest.mark.parametrize("extension", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_only_values_below_14_bits_are_noted(extension: str, channels: int) -> None:
    for highest, is_noted in ((16384, False), (65535, False), (16383, True)):
        pixels = np.full((4, 4, channels), 100, np.uint16)
        pixels[1, 1, 0] = highest
        if channels == 4:
            pixels[..., 3] = 65535
        data = encoded(extension, pixels)
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            decode(data, depth="own_range")
            assert not found
            decode(data)
            decode(data)
        assert len(found) == is_noted
    assert "pocketlens train --depth own_range" in str(found[0].message)


def test_predict_notes_it_once_in_one_line(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.png").write_bytes(encoded(".png", GREY + number))
    code = "import sys; from pocketlens.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "predict", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 20
    (line,) = done.stderr.splitlines()
    assert line.startswith("pocketlens: note: a picture of 16 bits uses only values below 16384")


def test_other_warnings_of_a_command_are_shown_as_ever(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("pocketlens.cli.printing._show", lambda text, *_: shown.append(str(text)))

    def run(*_: Any) -> int:
        warnings.simplefilter("always")
        warnings.warn("something else", UserWarning, stacklevel=1)
        return 0

    monkeypatch.setattr("pocketlens.cli.doctor.run", run)
    assert main(["doctor"]) == 0
    assert shown == ["something else"]
    assert capsys.readouterr().err == ""


def test_the_recipe_carries_it(tmp_path: Path) -> None:
    full = replace(COLORS, preprocessing=OWN_RANGE)
    assert Metadata.from_json(full.to_json()) == full
    file = tmp_path / "own.onnx"
    file.write_bytes(colors_model(preprocessing=OWN_RANGE.to_dict()))
    data = encoded(".png", np.dstack([GREY // 9, GREY // 9, GREY]))
    answer = pocketlens.load_model(file).predict(data)
    assert answer.label == "red"
    assert answer == pocketlens.load_model(file).predict(decode_for(data, OWN_RANGE))
    assert network_input(data, OWN_RANGE).max() > 200
    with pytest.raises(ModelError, match="depth='12 bits', this version knows only high_bits, own"):
        replace(OWN_RANGE, depth="12 bits")


@pytest.mark.parametrize("version", [1, 2])
def test_files_of_earlier_schemas_take_the_high_bits(version: int, tmp_path: Path) -> None:
    content = json.loads(COLORS.to_json()) | {"schema_version": version}
    del content["preprocessing"]["depth"], content["preprocessing"]["region"]
    if version == 1:
        del content["preprocessing"]["decode"], content["selftest"]
    read = Metadata.from_json(json.dumps(content))
    assert read.preprocessing.depth == "high_bits"
    assert read.preprocessing.decode == ("full" if version == 1 else "reduced")


def test_card_and_info_show_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.onnx"
    file.write_bytes(colors_model(preprocessing=OWN_RANGE.to_dict()))
    assert main(["card", str(file)]) == main(["info", str(file)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("depth own_range") == 2


def test_an_array_of_16_bits_is_told_what_to_do() -> None:
    with pytest.raises(InputTypeError, match=r"uint16 .* expected uint8 .* 16-bit PNG"):
        decode(GREY)  # type: ignore[arg-type]

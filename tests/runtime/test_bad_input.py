"""Files and models that would bring down what trusts them: one typed error, or the right answer."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import pocketlens
from builders import DATA, colors_model, encode, plain
from pocketlens.errors import (
    FileError,
    FileMissingError,
    ImageError,
    InputTypeError,
    ModelError,
    SettingError,
)
from pocketlens.pictures.decoding import decode
from pocketlens.pictures.formats.av1 import coded_size


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def png(width: int, height: int, *, body: bytes | None = None, before: bytes = b"") -> bytes:
    """A grey 8-bit PNG, black unless `body` says otherwise."""
    if body is None:
        body = chunk(b"IDAT", zlib.compress(bytes((width + 1) * height)))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + before + body + chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int) -> bytes:
    """A good JPEG whose frame header claims another size."""
    data = bytearray(encode(plain(9, 9, 9), ".jpg"))
    place = data.find(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.fixture
def nothing_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        pytest.fail("a pixel was decoded")

    monkeypatch.setattr(cv2, "imdecode", fail)


@pytest.mark.usefixtures("nothing_is_decoded")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\0", "not a picture"),
        (b"Dear all, this is text.", "not a picture"),
        (b"<!DOCTYPE html><html></html>", "looks like SVG, HTML or XML"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "looks like SVG, HTML or XML"),
        (b"%PDF-1.7\n", "looks like PDF"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0", "without a picture"),
        (b"\x89PNG\r\n\x1a\n", "cut off"),
        (b"GIF89a", "cut off or damaged"),
        (b"BM", "cut off or damaged"),
        (b"II*\0\x08\0\0\0", "cut off or damaged"),
        (b"RIFF\x04\0\0\0WEBP", "without a picture"),
        (jpeg_of_size(0, 5), "claims 0x5 pixels"),
        (jpeg_of_size(65500, 65500), "65500x65500 pixels, at most 64000000"),
        (png(100_000, 100_000, body=b""), "100000x100000 pixels"),
        (png(0, 8), "claims 0x8 pixels"),
        (png(8, 8, before=b"\xff\xff\xff\xf0IDAT"), "claims 4294967280 bytes, cut off or damaged"),
        (png(8, 8)[:-20] + bytes(20), "checksum"),
        (encode(plain(9, 9, 9), ".webp")[:-4], "cut off"),
        (encode(plain(9, 9, 9), ".bmp")[:-4], "cut off"),
    ],
)
def test_bytes_are_refused_before_they_are_decoded(
    data: bytes, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(ImageError, match=reason):
        decode(data)
    (tmp_path / "photo.jpg").write_bytes(data)
    with pytest.raises(ImageError, match=rf"photo\.jpg: .*{reason}"):
        decode(tmp_path / "photo.jpg")


@pytest.mark.usefixtures("nothing_is_decoded")
def test_png_bomb_is_refused() -> None:
    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(30_001)) for _ in range(30_000)) + rows.flush()
    bomb = png(30_000, 30_000, body=chunk(b"IDAT", body))
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match="30000x30000 pixels"):
            decode(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.usefixtures("nothing_is_decoded")
def test_avif_whose_boxes_hide_its_size() -> None:
    avif = bytearray(encode(plain(9, 9, 9, (3000, 3000)), ".avif"))
    place = avif.find(b"ispe") + 8
    avif[place : place + 8] = struct.pack(">II", 16, 16)
    with pytest.raises(ImageError, match="3000x3000 pixels, at most 1000000"):
        pocketlens.load_model(max_pixels=1_000_000).predict(bytes(avif))


def av1_units(side: int) -> tuple[bytes, bytes]:
    """A temporal delimiter with the sequence header, and the frame, of an AV1 picture."""
    data = encode(plain(9, 9, 9, (side, side)), ".avif")
    start = data.find(b"\x12\0\x0a")
    header = data[start : start + 4 + data[start + 3]]
    return header, data[start + len(header) :]


def test_sequence_headers_and_frames_of_av1() -> None:
    small, large = av1_units(16)[0], av1_units(3000)[0]
    assert coded_size(memoryview(small)) == (16, 16)
    assert coded_size(memoryview(small + large + small)) == (3000, 3000)
    header, frame = av1_units(16)
    assert coded_size(memoryview(header + frame * 4)) == (16, 16)
    for endless in (header + frame * 5, b"\x12\0" * 200 + header, header + b"\x0a" + b"\xff" * 9):
        with pytest.raises(ImageError, match=r"damaged|cut off"):
            coded_size(memoryview(endless))


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


@pytest.mark.usefixtures("nothing_is_decoded")
@pytest.mark.parametrize("name", [b"pitm", b"iloc", b"iinf", b"ipma", b"ispe", b"meta"])
def test_avif_boxes_in_the_wrong_place_mean_nothing(name: bytes) -> None:
    small, large = (encode(plain(9, 9, 9, (side, side)), ".avif") for side in (16, 3000))
    start = small.find(name) - 4
    decoy = small[start : start + int.from_bytes(small[start : start + 4], "big")]
    first = int.from_bytes(large[:4], "big")
    # Offsets in the file move with what is put in; the real picture's have to be moved as well.
    free = box(b"free", bytes(len(decoy) - 8))
    real = large[:first] + free + large[first:]
    place = large.find(b"mdat") + 4
    real = real.replace(struct.pack(">I", place), struct.pack(">I", place + len(free)), 1)
    model = pocketlens.load_model(max_pixels=1_000_000)
    for data in (real, real.replace(free, decoy, 1)):
        with pytest.raises(ImageError, match=r"3000x3000 pixels|two boxes"):
            model.predict(data)


def tiff(*tags: tuple[int, int, int]) -> bytes:
    """A grey 8-bit TIFF of 8x8, or what these (tag, type, value) come before."""
    whole = [*tags, (256, 4, 8), (257, 4, 8), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    whole += [(277, 3, 1), (278, 4, 8), (279, 4, 64)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in whole)
    directory = struct.pack("<H", len(whole)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + 64) + bytes(64) + directory


def test_tiff_that_says_it_twice() -> None:
    assert decode(tiff()).shape == (8, 8, 3)
    with pytest.raises(ImageError, match="65000x8 pixels, at most 1000"):
        pocketlens.load_model(max_pixels=1000).predict(tiff((256, 4, 65000)))
    for kind in (4, 16):
        with pytest.raises(ImageError, match=r"65000x65000 pixels|tag 322 .* damaged|cut off"):
            decode(tiff((322, kind, 65000), (323, 4, 65000)))
    with pytest.raises(ImageError, match="tag 322 has 1 values of type 11, damaged"):
        decode(tiff((322, 11, 65000), (323, 4, 65000)))


def nested_boxes(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = struct.pack(">I4s", 12 + len(data), b"meta") + bytes(4) + data
    return struct.pack(">I4s4sI4s", 20, b"ftyp", b"avif", 0, b"avif") + data


@pytest.mark.usefixtures("nothing_is_decoded")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (nested_boxes(5000), "without a box"),
        (b"\xff\xd8\xff" + b"\xff\xe2\0\2" * 2_000_000, "over 10000 segments"),
        (b"GIF89a" + bytes(7) + b"!\xf9" + b"\1\1" * 2_000_000, "over 1000000 blocks"),
        (b"GIF89a" + bytes(7) + b"!\xf9\0" * 2000, "cut off or damaged"),
        (b"GIF89a" + bytes(7) + (b"!\xfe" + b"\1\1" * 1000 + b"\0") * 1001, "over 1000000 blocks"),
        (b"RIFF\4\xd4\x30\0WEBP" + b"JUNK\0\0\0\0" * 400_000, "over 100000 parts"),
        (png(8, 8, before=chunk(b"teXt", b"") * 100_000), "cut off or damaged"),
    ],
)
def test_endless_headers(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        decode(data)


def test_animation_that_crashes_opencv() -> None:
    # No fcTL stands before the picture, and the fdAT is shorter than its own number.
    animation = chunk(b"acTL", struct.pack(">II", 2, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(9 * 8))) + chunk(b"fdAT", b"\0")
    assert decode(png(8, 8, body=body, before=animation)).tolist() == np.zeros((8, 8, 3)).tolist()


def test_jpeg_with_hundreds_of_scans() -> None:
    data = bytearray(encode(plain(9, 9, 9), ".jpg"))
    data[data.find(b"\xff\xc0") + 1] = 0xC2
    with pytest.raises(ImageError, match="JPEG with 301 scans, expected 100 at most"):
        decode(bytes(data[:-2]) + b"\xff\xda\0\2" * 300 + b"\xff\xd9")


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 8000), (8000, 1)])
def test_slim_pictures_have_an_answer(width: int, height: int) -> None:
    for extension in (".png", ".jpg"):
        answer = pocketlens.load_model().predict(encode(plain(9, 9, 9, (height, width)), extension))
        assert sum(answer.scores.values()) == pytest.approx(1, abs=1e-5)


def test_limits_can_be_set(tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(encode(plain(9, 9, 9, (10, 10))))
    assert pocketlens.load_model(max_pixels=100).predict(file)
    with pytest.raises(ImageError, match=r"photo\.png: 10x10 pixels, at most 99 .*max_pixels"):
        pocketlens.load_model(max_pixels=99).predict(file)
    with pytest.raises(FileError, match=r"photo\.png: larger than 20 bytes \(max_bytes\)"):
        pocketlens.load_model(max_bytes=20).predict(file)
    with pytest.raises(ImageError, match=r"at most 20 allowed \(max_bytes\)"):
        pocketlens.load_model(max_bytes=20).predict(file.read_bytes())
    odd: Any
    for odd in (0, -1, 1.5, "9", None, True):
        with pytest.raises(SettingError, match=f"max_pixels={odd!r}, expected a whole number"):
            pocketlens.load_model(max_pixels=odd)


def test_pil_images_and_arrays_have_the_same_limits() -> None:
    image = pytest.importorskip("PIL.Image")
    for large in (image.new("1", (9000, 9000)), np.broadcast_to(np.uint8(0), (9000, 9000, 3))):
        with pytest.raises(ImageError, match="9000x9000 pixels"):
            decode(large)
    with pytest.raises(ImageError, match="0x5 pixels"):
        decode(image.new("RGB", (0, 5)))
    for mode in ("I", "F"):
        with pytest.raises(ImageError, match=rf"32 bits \(mode {mode}\), expected 8 or 16 bits"):
            decode(image.new(mode, (4, 4)))


def test_paths_that_are_no_picture_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    cases: list[tuple[str | Path, type[Exception], str]] = [
        (tmp_path / "missing.jpg", FileMissingError, "no such file"),
        (tmp_path / "broken.jpg", FileMissingError, "no such file"),
        (tmp_path / "broken.jpg" / "in.jpg", FileMissingError, "no such file"),
        (tmp_path / "loop.jpg", FileError, "cannot be read"),
        (tmp_path / "pipe.jpg", FileError, "is a device or pipe"),
        (tmp_path, FileError, "is a folder"),
        ("/dev/zero", FileError, "is a device or pipe"),
        ("", FileError, "is a folder"),
    ]
    for path, error, reason in cases:
        with pytest.raises(error, match=reason):
            decode(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"")
    (tmp_path / "photo.png").chmod(0)
    with pytest.raises(FileError, match="Permission denied"):
        decode(tmp_path / "photo.png")


def test_file_of_the_kernel_without_end(tmp_path: Path) -> None:
    # Its size is said to be 0, as of everything in /proc; reading it whole must have a limit.
    with pytest.raises(FileError, match="max_bytes"):
        pocketlens.load_model(max_bytes=1000).predict("/proc/self/maps")


@pytest.mark.parametrize(
    "array",
    [
        np.full((8, 8, 3), 0.5),
        np.full((8, 8, 3), 128.0, np.float32),
        np.full((8, 8, 3), np.nan),
        np.zeros((8, 8, 3), np.int64),
        np.zeros((8, 8), bool),
        np.array([[None]]),
        np.array("text"),
    ],
)
def test_array_of_another_type(array: Any) -> None:
    with pytest.raises(InputTypeError, match="expected uint8"):
        decode(array)


def test_arrays_of_any_layout_give_the_same_answer() -> None:
    model = pocketlens.load_model()
    pixels = np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8)
    expected = model.predict(pixels)
    read_only = pixels.copy()
    read_only.flags.writeable = False
    wide = np.zeros((50, 120, 3), np.uint8)
    wide[:, ::2] = pixels
    for same in (read_only, wide[:, ::2], np.asfortranarray(pixels), pixels[::-1].copy()[::-1]):
        assert model.predict(same) == expected


def external_data() -> bytes:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string((DATA / "colors.onnx").read_bytes())
    tensor = onnx.TensorProto(
        name="elsewhere", data_type=onnx.TensorProto.FLOAT, dims=[1], data_location=1
    )
    tensor.external_data.add(key="location", value="/etc/passwd")
    model.graph.initializer.append(tensor)
    identity = onnx.helper.make_node("Identity", ["elsewhere"], ["unused"])
    model.graph.node.append(identity)
    return bytes(model.SerializeToString())


def unknown_operator() -> bytes:
    model = (DATA / "colors.onnx").read_bytes()
    assert model.count(b"Softmax") == 1
    return model.replace(b"Softmax", b"Hardmix")


def later_opset() -> bytes:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string((DATA / "colors.onnx").read_bytes())
    model.opset_import[0].version = 99
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: b"", "the file is empty"),
        (lambda: b"not a model", "it is a text that begins with 'not a model'"),
        (lambda: colors_model()[:200], "it is cut off: it has 200 of "),
        (later_opset, "cannot load it"),
        (unknown_operator, "cannot load it"),
        (external_data, "its weights are in another file, '/etc/passwd'"),
        (lambda: (DATA / "colors.onnx").read_bytes(), "holds no pocketlens metadata"),
        (lambda: colors_model(labels=["a", "b"]), "expected 'probabilities' with 2 values"),
        (lambda: colors_model(schema_version=99), "schema version 99"),
        (lambda: colors_model().replace(b'{"schema', b'?"schema'), "metadata cannot be read"),
    ],
)
def test_model_that_is_refused(build: Callable[[], bytes], reason: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.onnx"
    file.write_bytes(build())
    with pytest.raises(ModelError, match=rf"odd\.onnx: .*{reason}") as caught:
        pocketlens.load_model(file)
    assert "\n" not in str(caught.value)


def test_thirty_two_threads_give_the_serial_answers(photos: list[Path]) -> None:
    model = pocketlens.load_model()
    pictures = [photo.read_bytes() for photo in photos] * 20
    serial = [model.predict(picture) for picture in pictures[: len(photos)]] * 20
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(model.predict, pictures)) == serial


@pytest.mark.parametrize("kinds", [[], ["--extra"]])
def test_a_thousand_damaged_pictures(kinds: list[str]) -> None:
    pytest.importorskip("pi_heif" if kinds else "PIL")
    fuzz = Path(__file__).parents[1] / "fuzz.py"
    command = [sys.executable, str(fuzz), "--cases", "1000", "--first", "1000000", *kinds]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1,000 cases" in done.stdout

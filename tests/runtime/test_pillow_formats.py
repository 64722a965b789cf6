"""What only the extra `formats` reads: the same rules as for what is read without it."""

from __future__ import annotations

import struct
import sys
import warnings
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("pi_heif")

from PIL import Image

from builders import encode, plain
from fuzz import originals_of_the_extra, picture, save
from pocketlens.errors import FormatError, ImageError
from pocketlens.pictures.decoding import decode
from pocketlens.pictures.files import Limits
from pocketlens.pictures.formats import FIRST_BYTES, picture_kind

RGB, RGBA = picture()
GREY = RGB.convert("L")
ORIGINALS = originals_of_the_extra()
LIMITS = Limits(max_pixels=47 * 61)


@pytest.mark.parametrize("kind", [kind for kind in ORIGINALS if "tga" not in kind])
def test_a_folder_has_what_a_file_is_read_as(kind: str) -> None:
    # A TGA has no signature: only its suffix tells.
    assert picture_kind(ORIGINALS[kind][:FIRST_BYTES])


def over_white(image: Image.Image) -> Any:
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"), int)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("jpeg 2000", RGB),
        ("jpeg 2000 alpha", RGBA),
        ("jpeg 2000 bare", GREY),
        ("tga", RGB),
        ("tga alpha", RGBA),
        ("tga grey", GREY),
        ("tga palette", RGB.quantize(32)),
        ("tiff grey alpha", RGBA.convert("LA")),
        ("tiff lab", RGB),
        ("tiff zstd", RGB),
        ("pcx", RGB),
        ("pcx palette", RGB.quantize(32)),
        ("sgi", RGB),
        ("psd", RGB),
    ],
)
def test_kind_is_as_its_twin(kind: str, shown: Image.Image) -> None:
    got = decode(ORIGINALS[kind], limits=LIMITS)
    assert got.shape == (47, 61, 3)
    assert np.abs(got - over_white(shown)).mean() < 1
    with pytest.raises(ImageError, match=r"61x47 pixels, at most 2866 are decoded \(max_pixels\)"):
        decode(ORIGINALS[kind], limits=Limits(max_pixels=47 * 61 - 1))


def test_heic_is_upright_and_over_white() -> None:
    upright = plain(120, 120, 120, (48, 64)).astype(int)
    upright[:, :16] = 0
    upright[:16, 48:] = (255, 200, 0)
    # Its container and its EXIF block both say that it is to be turned.
    assert np.abs(decode(ORIGINALS["heic"]) - upright).mean() < 2
    opaque = np.asarray(Image.linear_gradient("L").resize((64, 48)), int)[..., None]
    expected = (upright * opaque + 255 * (255 - opaque)) / 255
    assert np.abs(decode(ORIGINALS["heic alpha"]) - expected).mean() < 2


@pytest.mark.parametrize("kind", ["icon", "icon bitmap", "cursor"])
def test_of_an_icon_the_largest_picture(kind: str) -> None:
    got = decode(ORIGINALS[kind])
    shown = RGBA.resize((47, 36), Image.Resampling.LANCZOS)
    assert got.shape == (36, 47, 3)
    assert np.abs(got - over_white(shown)).mean() < 3


def icon(*pictures: bytes) -> bytes:
    place, entries = 6 + 16 * len(pictures), b""
    for number, content in enumerate(pictures):
        side = 0 if number else 16
        entries += struct.pack("<4B2H2I", side, side, 0, 0, 1, 32, len(content), place)
        place += len(content)
    return struct.pack("<3H", 0, 1, len(pictures)) + entries + b"".join(pictures)


def test_an_icon_may_hold_more_than_its_list_says() -> None:
    small, large = encode(plain(9, 9, 9, (16, 16))), encode(plain(7, 7, 7, (300, 300)))
    assert decode(icon(small, large)).shape == (300, 300, 3)
    bitmap = struct.pack("<IiiHHIIiiII", 40, 300, 600, 1, 32, *[0] * 6)
    for content in (large, bitmap):
        with pytest.raises(ImageError, match="300x300 pixels, at most 2867"):
            decode(icon(small, content), limits=LIMITS)


def boxes(**contents: bytes) -> bytes:
    return b"".join(
        struct.pack(">I4s", 8 + len(content), name.encode()) + content
        for name, content in contents.items()
    )


def heic(count: int, width: int, height: int) -> bytes:
    """The boxes of so many pictures of one size."""
    entries = b"".join(struct.pack(">HBB", number, 1, 1) for number in range(count))
    sizes = boxes(ispe=struct.pack(">III", 0, width, height))
    lists = boxes(ipco=sizes, ipma=struct.pack(">II", 0, count) + entries)
    return boxes(ftyp=b"heic\0\0\0\0mif1heic", meta=bytes(4) + boxes(iprp=lists))


def test_heic_put_together_from_too_much() -> None:
    with pytest.raises(ImageError, match="9000x9000 pixels, at most 64000000"):
        decode(heic(1, 9000, 9000))
    with pytest.raises(ImageError, match="HEIC of 999 pictures, 7992000000 pixels in all"):
        decode(heic(999, 4000, 2000))
    for cut in range(1, 120):
        with pytest.raises(ImageError):
            decode(heic(9, 40, 20)[:-cut])


VIDEO = boxes(ftyp=b"isom\0\0\0\0isom", meta=bytes(40), mdat=bytes(99))


@pytest.mark.parametrize("rest", [b"text of 16 bytes", VIDEO, b"\n" * 5, bytes(99)])
@pytest.mark.parametrize("kind", ["heic", "heic alpha"])
def test_heic_with_something_after_its_end(kind: str, rest: bytes) -> None:
    data = ORIGINALS[kind]
    assert decode(data + rest).tolist() == decode(data).tolist()


def test_heic_whose_decoder_is_given_what_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    import pi_heif

    given = []

    def opened(stream: Any) -> Any:
        given.append(stream.read())
        raise ValueError("seen")

    monkeypatch.setattr(pi_heif, "HeifImageFile", opened)
    with pytest.raises(ImageError, match="seen"):
        decode(ORIGINALS["heic"] + VIDEO)
    assert given == [ORIGINALS["heic"]]


def test_tiff_of_huge_tiles() -> None:
    tags = [(256, 16), (257, 16), (258, 32), (259, 8), (262, 1), (277, 1), (339, 3)]
    # Pillow takes the last of several of a kind; libtiff, which it calls, takes the first.
    tags += [(322, 60_000), (323, 60_000), (322, 16), (323, 16), (324, 8), (325, 9)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
    with pytest.raises(ImageError, match="60000x60000 pixels, at most 64000000"):
        decode(data)


def test_pillows_own_limit_warns_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(ORIGINALS["tga"]).shape == (47, 61, 3)
        assert decode(ORIGINALS["heic"]).shape == (48, 64, 3)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_values_of_32_bits_are_refused(mode: str) -> None:
    with pytest.raises(ImageError, match=rf"\(mode {mode}\), expected 8 or 16 bits a channel"):
        decode(save(GREY.convert(mode), "TIFF"))


@pytest.mark.parametrize(
    ("library", "kind", "reason"),
    [
        ("pi_heif", "heic", r"looks like HEIC \(780 bytes\); PIP it, or export it as JPEG"),
        ("PIL", "tga", r"looks like TGA \(8,645 bytes\); PIP it, or export it as JPEG"),
        ("PIL", "icon", r"looks like an icon \(6,748 bytes\); PIP it, or export it as JPEG"),
        ("PIL", "tiff zstd", r"compression 50000\).*; PIP more kinds"),
    ],
)
def test_without_the_extra_the_message_has_its_pip_line(
    library: str, kind: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    pip = r"pip install .*\[formats\].* reads"
    with pytest.raises(FormatError, match=reason.replace("PIP", pip)):
        decode(ORIGINALS[kind])
    with pytest.raises(FormatError, match="not a picture") as caught:
        decode(b"This is text, no picture.")
    assert "pip" not in str(caught.value)


def test_without_the_extra_damage_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(FormatError, match=r"looks like HEIC \(4,024 bytes\); pip install"):
        decode(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(4000))


def no_pictures() -> list[bytes]:
    random = np.random.default_rng(0)
    found = [random.bytes(int(size)) for size in random.integers(1, 5000, 300)]
    # Beginnings of a TGA file with no end that fits.
    header = struct.pack("<3B2HB4H2B", 0, 0, 2, 0, 0, 0, 0, 0, 3, 2, 24, 0)
    packed = struct.pack("<3B2HB4H2B", 0, 0, 10, 0, 0, 0, 0, 0, 300, 200, 24, 0)
    found += [header, header + bytes(17), header + bytes(9000), packed + b"\x05" * 99]
    rgb = plain(1, 2, 3)
    raw = Image.fromarray(rgb)
    found += [save(raw, "EPS"), save(raw, "PDF"), b"\0" * 5000, b"Dear all,\n" * 99]
    return [*found, struct.pack("<I4s4sI4s", 20, b"ftyp", b"isom", 0, b"mp42")]


def test_what_is_no_picture_is_still_none() -> None:
    for data in no_pictures():
        with pytest.raises(FormatError, match=r"not a picture|looks like"):
            decode(data)


def test_what_is_cut_off_is_refused() -> None:
    for kind, data in ORIGINALS.items():
        # What is left of a JPEG 2000 is a whole, coarser picture.
        for share in (0.1, 0.5) if "jpeg" not in kind else (0.01, 0.03):
            with pytest.raises(ImageError):
                decode(data[: int(len(data) * share)])


def test_heic_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", fail)
    with pytest.raises(ImageError, match="one thread more than this process may start"):
        decode(ORIGINALS["heic"])


def test_opencv_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("OpenCV was asked"))
    for kind in ("heic", "jpeg 2000", "tga", "tiff zstd", "icon"):
        decode(ORIGINALS[kind])

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from builders import encode, plain
from pocketlens.errors import FileMissingError, ImageError, PocketLensError, SettingError
from pocketlens.pictures.folders import PassedOver
from pocketlens_demo import zips
from pocketlens_demo.uploads import Upload
from pocketlens_demo.zips import named_pictures

PICTURE = encode(plain(200, 0, 0))


def upload(path: Path, content: bytes) -> dict[str, Any]:
    path.write_bytes(content)
    return {"path": str(path), "orig_name": path.name}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return content.getvalue()


def test_pictures_and_zips_in_their_order(tmp_path: Path) -> None:
    members = {
        "b/2.png": PICTURE,
        "b/": b"",
        "a.png": PICTURE,
        "__MACOSX/b/._2.png": b"x",
        ".DS_Store": b"x",
    }
    # Known by its content.
    uploads = [upload(tmp_path / "1.png", PICTURE), upload(tmp_path / "photo.jpg", zipped(members))]
    found = named_pictures(uploads)
    assert [picture.name for picture in found] == ["1.png", "b/2.png", "a.png"]
    assert all(picture.read() == PICTURE for picture in found)


def test_names_are_only_shown(tmp_path: Path) -> None:
    names = {"../../etc/x.png": PICTURE, "/etc/y.png": PICTURE, "a\nb\x1b[2J.png": PICTURE}
    found = named_pictures([upload(tmp_path / "z.zip", zipped(names))])
    assert [picture.name for picture in found] == ["../../etc/x.png", "/etc/y.png", "ab[2J.png"]
    assert [picture.read() for picture in found] == [PICTURE] * 3
    odd = {"path": str(tmp_path / "z.zip"), "orig_name": "n" * 1000}
    assert len(Upload(odd).name) == 200


def test_a_bomb_unpacks_no_further_than_a_photo(tmp_path: Path) -> None:
    content = zipped({"bomb.png": bytes(50_000_000), "good.png": PICTURE})
    assert len(content) < 60_000
    bomb, good = named_pictures([upload(tmp_path / "z.zip", content)])
    with pytest.raises(ImageError, match="more than 20 MB"):
        bomb.read()
    assert good.read() == PICTURE


def test_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = upload(tmp_path / "many.zip", zipped({f"{i}.png": b"" for i in range(1001)}))
    with pytest.raises(SettingError, match="more than 1000 pictures"):
        named_pictures([many])
    large = upload(tmp_path / "large.zip", zipped({"x.png": bytes(2_000_000)}))
    monkeypatch.setattr(zips, "MAX_UNPACKED", 1_000_000)
    with pytest.raises(SettingError, match=r"large\.zip: unpacks to more"):
        named_pictures([large])


def test_a_directory_of_millions_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = zipped({"x.png": b""})
    end = entry.rfind(b"PK\x05\x06")
    size = (500_000_000).to_bytes(4, "little")
    claimed = entry[: end + 12] + size + entry[end + 16 :]
    zip64 = entry[:end] + b"PK\x06\x07" + bytes(16) + entry[end:]
    monkeypatch.setattr(zipfile, "ZipFile", pytest.fail)
    field_in_disguise = entry[: end + 16] + b"PK\x05\x06" + entry[end + 20 :]
    for content in (claimed, zip64, field_in_disguise):
        with pytest.raises(ImageError, match=r"too many entries|damaged zip file"):
            named_pictures([upload(tmp_path / "z.zip", content)])


def test_one_bad_member_does_not_stop_the_rest(tmp_path: Path) -> None:
    content = bytearray(zipped({"x.png": PICTURE, "y.png": PICTURE}))
    content[content.find(b"x.png")] = 0xFF
    content[6:8] = (0x0800).to_bytes(2, "little")
    bad, good = named_pictures([upload(tmp_path / "z.zip", bytes(content))])
    with pytest.raises(ImageError, match="damaged"):
        bad.read()
    assert good.read() == PICTURE


def test_an_upload_that_is_gone(tmp_path: Path) -> None:
    [picture] = named_pictures([{"path": str(tmp_path / "gone.png")}])
    with pytest.raises(FileMissingError, match="upload it again"):
        picture.read()


def test_damaged(tmp_path: Path) -> None:
    content = zipped({"x.png": PICTURE})
    with pytest.raises(ImageError, match="damaged zip file"):
        named_pictures([upload(tmp_path / "cut.zip", content[:-40])])
    flipped = bytearray(content)
    flipped[45] ^= 0xFF
    [picture] = named_pictures([upload(tmp_path / "flipped.zip", bytes(flipped))])
    with pytest.raises(ImageError, match="damaged"):
        picture.read()


def test_other_compression_and_passwords(tmp_path: Path) -> None:
    lzma = zipped({"x.png": PICTURE}, zipfile.ZIP_LZMA)
    [picture] = named_pictures([upload(tmp_path / "lzma.zip", lzma)])
    with pytest.raises(ImageError, match="expected stored or deflated"):
        picture.read()
    secret = bytearray(zipped({"x.png": PICTURE}))
    for start, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        secret[secret.find(start) + offset] |= 1
    [picture] = named_pictures([upload(tmp_path / "secret.zip", bytes(secret))])
    with pytest.raises(PocketLensError, match="encrypted"):
        picture.read()


def test_nothing(tmp_path: Path) -> None:
    for uploads in ([], [upload(tmp_path / "empty.zip", zipped({"folder/": b""}))]):
        with pytest.raises(SettingError, match="no pictures"):
            named_pictures(uploads)


def test_what_is_no_picture_is_counted_and_no_error(tmp_path: Path) -> None:
    pictures = {"IMG_1": PICTURE, "a.jpg_large": PICTURE, "b\\c.HEIC": PICTURE, "d.jpg": b"text"}
    others = {
        "notes.txt": b"text",
        "Thumbs.db": PICTURE,
        "b\\._c.jpg": PICTURE,
        "b\\desktop.ini": b"text",
        "@eaDir/d.jpg/t.jpg": PICTURE,
        "inner.zip": zipped({"x.png": PICTURE}),
        "film.mp4": b"\0\0\0\x14ftypqt  ",
    }
    folders = {"e/": b"", "b\\": b""}
    passed = PassedOver()
    content = zipped(folders | pictures | others)
    found = named_pictures([upload(tmp_path / "z.zip", content)], passed)
    assert [picture.name for picture in found] == ["IMG_1", "a.jpg_large", "b/c.HEIC", "d.jpg"]
    assert [picture.read() for picture in found] == list(pictures.values())
    assert passed.count() == len(others)
    only_others = upload(tmp_path / "others.zip", zipped(others))
    with pytest.raises(SettingError, match="no pictures"):
        named_pictures([only_others])


def test_only_pictures_count_for_what_a_zip_unpacks_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "MAX_UNPACKED", 1_000_000)
    content = zipped({"film.mp4": bytes(2_000_000), "x.png": PICTURE})
    [picture] = named_pictures([upload(tmp_path / "phone.zip", content)])
    assert picture.read() == PICTURE

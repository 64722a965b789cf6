from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib

import pytest

from pocketlens_demo.zip_names import member_names


def names_of(*entries: tuple[bytes, bytes], flag: int = 0) -> list[str]:
    """What member_names() gives for a zip with these names as they stand and their extra fields."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for number, (name, extra) in enumerate(entries):
            # Of as many bytes, to be replaced.
            member = zipfile.ZipInfo("QXZ"[number] * len(name))
            member.extra = extra
            file.writestr(member, b"")
    data = content.getvalue()
    for number, (name, _) in enumerate(entries):
        data = data.replace(b"QXZ"[number : number + 1] * len(name), name)
    data = data.replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0" + struct.pack("<H", flag))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return member_names(file.infolist())


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", ["猫咪/Äpfel.jpg", "사진.jpg", "plain.jpg"]),
        ("cp932", ["写真/猫.jpg", "ソース表.jpg", "plain.jpg"]),
        ("cp932", ["スクリーンショット.png"]),
        ("gbk", ["新建文件夹/照片.jpg", "猫.jpg", "红色.jpg"]),
        ("gbk", ["不合格.jpg"]),
        ("cp949", ["고양이/사진.jpg", "강아지.jpg"]),
        ("cp949", ["불량.jpg"]),
        ("cp950", ["新增資料夾/貓咪.jpg", "風景.jpg"]),
        ("cp866", ["Новая папка/кошка.jpg", "дача.jpg"]),
        ("cp1251", ["Новая папка/кошка.jpg", "дача.jpg"]),
        ("cp850", ["Männer/Größe.jpg", "Café.jpg", "niño.jpg"]),
        ("cp1252", ["Männer/Größe.jpg", "Café.jpg", "niño.jpg"]),
    ],
)
def test_names_of_other_systems(encoding: str, names: list[str]) -> None:
    assert names_of(*((name.encode(encoding), b"") for name in names)) == names


def test_a_name_may_say_that_it_is_utf_8() -> None:
    # Valid in Korean too.
    assert names_of(("é가.jpg".encode(), b""), flag=0x800) == ["é가.jpg"]


def test_the_unicode_path_field() -> None:
    raw = b"caf?.jpg"
    name = "猫 café.jpg".encode()
    other = struct.pack("<HH", 0x5455, 4) + b"time"

    def field(crc: int, version: int = 1) -> bytes:
        content = struct.pack("<BL", version, crc) + name
        return other + struct.pack("<HH", 0x7075, len(content)) + content

    right = zlib.crc32(raw)
    entries = ((raw, field(right)), (raw, field(right ^ 1)), (raw, field(right, 2)), (raw, other))
    for entry, expected in zip(entries, ["猫 café.jpg", *["caf?.jpg"] * 3], strict=True):
        assert names_of(entry) == [expected]


def test_separators_and_letters_in_parts() -> None:
    # The second byte of the Japanese sign is a backslash.
    assert names_of(("表\\ソ.jpg".encode("cp932"), b"")) == ["表/ソ.jpg"]
    apart = unicodedata.normalize("NFD", "Bär가.jpg")
    assert names_of((apart.encode(), b"")) == ["Bär가.jpg"]


def test_bytes_that_are_no_words_are_readable_where_they_are_ascii() -> None:
    [name] = names_of((b"IMG_\xff\xfe\x81_1.jpg", b""))
    assert (name[:4], name[-6:]) == ("IMG_", "_1.jpg")


def test_many_names_take_no_time() -> None:
    # One that the sample lacks may be of another code page.
    names = ["Größe.jpg".encode("cp1252")] * 200 + [b"\x81.jpg"]
    members = [zipfile.ZipInfo(name.decode("cp437")) for name in names]
    found = member_names(members)
    assert found[0] == "Größe.jpg"
    assert found[-1].endswith(".jpg")

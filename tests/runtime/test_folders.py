from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from builders import encode, plain
from pocketlens.cli import main
from pocketlens.pictures.folders import PassedOver, is_system, picture_files
from pocketlens.pictures.formats import picture_kind

RED = encode(plain(255, 0, 0))
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
AVIF = b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf"
BMP = encode(plain(1, 2, 3), ".bmp")


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def walk(folder: Path) -> tuple[list[str], PassedOver]:
    passed, errors = PassedOver(), list[OSError]()
    found = list(picture_files([str(folder)], passed, errors.append))
    assert not errors
    return [Path(file).relative_to(folder).as_posix() for file in found], passed


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        *((encode(plain(1, 2, 3), f".{name}"), name) for name in ("jpeg", "png", "webp", "tiff")),
        *((content, "gif") for content in (b"GIF87a", b"GIF89a")),
        (BMP, "bmp"),
        (AVIF, "avif"),
        (HEIC, "heic"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "jpeg 2000"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "jpeg xl"),
        (b"\0\0\1\0\1\0", "icon"),
        *((b"\0\0\0\x18ftyp" + brand, "heic") for brand in (b"hevm", b"hevs")),
        (b"\x01\xda\1\1\0\3", "sgi"),
        (b"\x0a\5\1\x08", "pcx"),
        (b"8BPS\0\1", "psd"),
        (b"\n\n\nan empty line first", None),
        (b"", None),
        (b"BMW, Audi and other cars", None),
        (b"%PDF-1.7", None),
        (b"<svg>", None),
        (b"PK\x03\x04", None),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", None),
        (b"\0\0\0\x14ftypqt  ", None),
        (b"\0\0\0\0", None),
    ],
)
def test_kinds_by_the_first_bytes(content: bytes, kind: str | None) -> None:
    assert (picture_kind(content) or "none").lower() == (kind or "none")


def test_content_decides_and_a_suffix_is_a_claim(tmp_path: Path) -> None:
    pictures = {
        "1.HEIC": RED,
        "2.jpg_large": RED,
        "3": RED,
        "4": HEIC,
        "5.jpg": b"text",
        "6.heic": b"",
    }
    others = {"a.txt": b"text", "b.json": b"{}", "c": b"", "d.mp4": b"\0\0\0\x14ftypqt  "}
    write(tmp_path, pictures | others)
    found, passed = walk(tmp_path)
    assert found == sorted(pictures)
    assert str(passed) == f"4 non-picture ({tmp_path / 'a.txt'} and 3 more)"


def test_system_names_and_links_are_passed_over_and_counted(tmp_path: Path) -> None:
    system = ["@eaDir/a.jpg/t.jpg", "__MACOSX/._a.jpg", "#recycle/b.jpg", ".trash/c.jpg"]
    system += ["b/Thumbs.db", "b/desktop.ini", "b/._x.jpg", "lost+found/d.png"]
    write(tmp_path, dict.fromkeys(("a.png", "b/c.png", *system), RED))
    (tmp_path / "again").symlink_to(tmp_path / "b", target_is_directory=True)
    found, passed = walk(tmp_path)
    assert found == ["a.png", "b/c.png"]
    assert passed.count("hidden or system") == len(system)
    assert f"1 behind a link ({tmp_path / 'again'}{os.sep})" in str(passed)
    # What the user names is not asked about.
    assert walk(tmp_path / ".trash")[0] == ["c.jpg"]


@pytest.mark.parametrize(
    "name", ["recycle", "eaDir", "thumbs", "MACOSX", "temp", "..", "#1", "@home"]
)
def test_names_of_users_are_none_of_the_system(name: str) -> None:
    assert not is_system(name)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    write(tmp_path, {"a.png": RED})
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    found, passed = walk(tmp_path)
    assert found == ["a.png"]
    assert passed.count() == 2
    (tmp_path / "secret").write_bytes(RED)
    (tmp_path / "secret").chmod(0)
    if not os.access(tmp_path / "secret", os.R_OK):
        assert walk(tmp_path)[0] == ["a.png", "secret"]


def test_a_phones_folder(
    tmp_path: Path, colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, dict.fromkeys(("1.JPG", "2.HEIC", "3.jpg_large", "4"), RED))
    write(tmp_path, {f"odd{number}.jxl": b"\xff\x0a" + bytes(number) for number in range(10)})
    write(tmp_path, {"notes.txt": b"text", "x/Thumbs.db": b"x"})
    command = ["predict", str(tmp_path), "--model", str(colors_file)]
    assert main(command) == 1
    captured = capsys.readouterr()
    assert captured.out.count("red 100.0%") == 4
    refusal, end = captured.err.splitlines()
    first = f"10 JPEG XL ({tmp_path / 'odd0.jxl'} and 9 more)"
    assert refusal.startswith(f"pocketlens: error: {first}: ")
    assert end == (
        f"pocketlens: answered 4 of 15 files; passed over: {first}, 1 non-picture "
        f"({tmp_path / 'notes.txt'}), 1 hidden or system ({tmp_path / 'x' / 'Thumbs.db'})"
    )
    assert main([*command, "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sum("error" in row for row in rows) == 10
    assert main([*command[:1], str(tmp_path / "odd0.jxl"), *command[2:]]) == 1
    assert capsys.readouterr().err.startswith(f"pocketlens: error: {tmp_path / 'odd0.jxl'}: ")


def test_a_folder_in_which_all_is_answered_ends_without_a_word(
    tmp_path: Path, colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"a.png": RED})
    command = ["predict", str(tmp_path), "--model", str(colors_file)]
    assert main(command) == 0
    assert capsys.readouterr().err == ""
    write(tmp_path, {"notes.txt": b"text"})
    assert main(command) == 0
    assert "answered 1 of 2 files; passed over: 1 non-picture" in capsys.readouterr().err
    write(tmp_path, {"b.jpg": b"text"})
    assert main(command) == 1
    assert "answered 1 of 3 files; 1 could not be read; passed" in capsys.readouterr().err

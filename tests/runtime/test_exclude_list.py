"""The list of files that a training leaves out: written, edited, read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pocketlens.checking.findings import Finding, Findings
from pocketlens.checking.wording import as_exclude_list
from pocketlens.errors import DatasetError, FileError
from pocketlens.pictures.exclude_list import escape, exclude, read_exclude_list, unescape
from pocketlens.pictures.listing import Listing

ODD = [
    "#a.jpg",
    "a\nb.jpg",
    "back\\slash\\n.jpg",
    "é <b> '\" 😀.jpg",
    "\udcff.jpg",
    " end ",
    "a\u2028b",
    "\x85",
    "end\xa0",
]


@pytest.mark.parametrize("name", ODD)
def test_any_name_comes_back_from_one_line(name: str) -> None:
    line = escape(name)
    assert "\n" not in line
    assert line.encode("utf-8").strip() == line.encode("utf-8")
    assert unescape(line) == name


def test_what_is_sure_is_excluded_and_the_rest_offered(tmp_path: Path) -> None:
    found = tuple(Finding("unreadable", name, "a\nreason", exclude=True) for name in ODD)
    offered = Finding("suspected-label", "b/1.jpg", "looks like 'c'", suggested="c", look_at=True)
    text = as_exclude_list(Findings("pets\nof mine", 3, {}, (*found, offered)))
    file = tmp_path / "list.txt"
    file.write_text(text, encoding="utf-8")
    assert read_exclude_list(file) == set(ODD)
    file.write_text(text.replace("#b/1.jpg", "b/1.jpg"), encoding="utf-8")
    assert read_exclude_list(file) == {*ODD, "b/1.jpg"}


def test_list_of_another_editor_is_read(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes("\ufeffa/1.jpg\r\n  # a comment\r\n\r\n  b/3 \t\r\na/2.jpg\r".encode())
    assert read_exclude_list(file) == {"a/1.jpg", "b/3", "a/2.jpg"}


def listing() -> Listing:
    return Listing(
        Path("pets"), ("a", "b"), ("a/1.jpg", "a/2.jpg", "b/é.jpg", "b/3"), (0, 0, 1, 1), ()
    )


def test_named_files_are_left_out_and_unknown_ones_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.txt"
    file.write_text("# a comment\na/1.jpg\npets/b/e\u0301.jpg\n\ngone.jpg\n", encoding="utf-8")
    [left] = exclude([listing()], file)
    assert left.files == ("a/2.jpg", "b/3")
    assert left.targets == (0, 1)
    reason = "excluded by list.txt"
    assert left.left_out == (("a/1.jpg", reason), ("b/é.jpg", reason))
    assert "1 line without a file in the folder: gone.jpg;" in capsys.readouterr().err


def test_paths_may_be_said_in_many_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "list.txt"
    given = replace(listing(), folder=Path("my/../my/pets"))
    for path in ("./a/1.jpg", "a//1.jpg", f"{tmp_path}/my/pets/a/1.jpg", "./my/pets/a/1.jpg"):
        file.write_text(path)
        [left] = exclude([given], file)
        assert left.files == ("a/2.jpg", "b/é.jpg", "b/3"), path
        assert not capsys.readouterr().err, path


def test_list_that_leaves_nothing_or_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("a/1.jpg\na/2.jpg\n")
    with pytest.raises(DatasetError, match="leaves no picture of 'a'"):
        exclude([listing()], file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileError, match="no UTF-8 text"):
        exclude([listing()], file)

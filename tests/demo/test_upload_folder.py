from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pocketlens.errors import FileError
from pocketlens_demo.limits import MINUTES_KEPT
from pocketlens_demo.upload_folder import upload_folder


def write(path: Path, age: float) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"12345")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_uploads_live_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "new"))
    with upload_folder() as uploads:
        assert os.environ["GRADIO_TEMP_DIR"] == str(uploads.path)
        assert uploads.path.parent == tmp_path / "new"
        assert uploads.path.stat().st_mode & 0o777 == 0o700
        example = write(uploads.path / "a" / "example.png", 10_000)
        uploads.remove_in_time()
        old = write(uploads.path / "b" / "old.png", MINUTES_KEPT * 60 + 5)
        recent = write(uploads.path / "c" / "recent.png", MINUTES_KEPT * 60 - 5)
        stalled = write(uploads.path / "tmp1", 65)
        growing = write(uploads.path / "tmp2", 5)
        assert uploads.stored() == 25
        uploads.remove_old(time.time())
        assert [path.exists() for path in (example, recent, growing)] == [True] * 3
        assert [path.exists() for path in (old, old.parent, stalled)] == [False] * 3
        assert uploads.stored() == 15
    assert list((tmp_path / "new").iterdir()) == []
    assert os.environ["GRADIO_TEMP_DIR"] == str(tmp_path / "new")


def test_folders_of_killed_processes_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    write(tmp_path / "pocketlens-killed" / ".lock", 5)
    write(tmp_path / "pocketlens-killed" / "photo.jpg", 5)
    write(tmp_path / "pocketlens-of-something-else" / "photo.jpg", 5)
    with upload_folder() as first, upload_folder() as second:
        names = {path.name for path in tmp_path.iterdir()}
        assert names == {first.path.name, second.path.parent.name, "pocketlens-of-something-else"}


def test_no_place_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "file"))
    with pytest.raises(FileError, match="GRADIO_TEMP_DIR may name another place"):
        upload_folder().__enter__()

"""`pocketlens watch`."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from builders import encode, plain
from pocketlens import load_model
from pocketlens.classifier import Classifier
from pocketlens.cli import main
from pocketlens.errors import FileError, SettingError
from pocketlens.watching import arrivals
from pocketlens.watching.journal import Journal
from pocketlens.watching.moving import check_labels, move

for library in ("onnxruntime", "watchdog"):
    pytest.importorskip(library)

from pocketlens.watching.watch import Watch

PICTURES = {"red": plain(250, 0, 0), "green": plain(0, 250, 0), "blue": plain(0, 0, 250)}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "_SECONDS_UNCHANGED", 0.05)
    monkeypatch.setattr(arrivals, "_SECONDS_BETWEEN_SCANS", 0.1)
    monkeypatch.setattr("pocketlens.watching.watch._SECONDS_BETWEEN_LOOKS", 0.01)


@pytest.fixture(scope="module")
def model(colors_file: Path) -> Classifier:
    return load_model(colors_file)


@contextmanager
def watching(
    folder: Path, out: Path, model: Classifier, into: Path | None = None
) -> Iterator[Watch]:
    with Journal(out) as journal:
        watch = Watch(folder, model, "colors", journal, into)
        thread = Thread(target=watch.run)
        thread.start()
        try:
            yield watch
        finally:
            watch.stop()
            thread.join()


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()]


def eventually(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    (folder / "red.png").write_bytes(encode(PICTURES["red"]))
    (folder / "below" / "blue").write_bytes(encode(PICTURES["blue"]))
    (folder / "notes.txt").write_text("This is no picture.")
    (folder / ".hidden.png").write_bytes(encode(PICTURES["red"]))
    return folder


def test_each_picture_is_answered_once(folder: Path, tmp_path: Path, model: Classifier) -> None:
    out = tmp_path / "out.jsonl"
    with watching(folder, out, model) as watch:
        eventually(lambda: watch.answered == 2)
        (folder / "green.png").write_bytes(encode(PICTURES["green"]))
        (folder / "bad.jpg").write_bytes(b"no picture")
        eventually(lambda: watch.answered == 3 and watch.failed == 1)
    found = {row["file"]: row for row in rows(out)}
    assert len(rows(out)) == 4
    assert set(found) == {"red.png", "below/blue", "green.png", "bad.jpg"}
    expected = model.predict(folder / "green.png").to_dict(3)
    assert {key: found["green.png"][key] for key in expected} == expected
    assert list(found["green.png"]["scores"]) == list(expected["scores"])
    assert found["green.png"]["model"] == "colors"
    assert "not a picture" in found["bad.jpg"]["error"]
    before = out.read_bytes()
    with watching(folder, out, model) as watch:
        (folder / "late.png").write_bytes(encode(PICTURES["red"]))
        eventually(lambda: watch.answered == 1)
    assert out.read_bytes().startswith(before)
    assert len(rows(out)) == 5


def test_a_file_that_changes_is_answered_again(
    folder: Path, tmp_path: Path, model: Classifier
) -> None:
    out = tmp_path / "out.jsonl"
    whole = encode(PICTURES["green"])
    with watching(folder, out, model) as watch:
        eventually(lambda: watch.answered == 2)
        part = folder / "part.png"
        part.write_bytes(whole[:-20])
        eventually(lambda: watch.failed == 1)
        part.write_bytes(whole)
        eventually(lambda: watch.answered == 3)
        (folder / "red.png").write_bytes(whole)
        eventually(lambda: watch.answered == 4)
    assert [row.get("label") for row in rows(out) if row["file"] == "red.png"] == ["red", "green"]


def test_a_file_that_grows_is_waited_for(
    folder: Path, tmp_path: Path, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "_SECONDS_UNCHANGED", 1.0)
    content = encode(PICTURES["green"])
    with watching(folder, tmp_path / "out.jsonl", model) as watch:
        with (folder / "slow.png").open("wb", buffering=0) as stream:
            for byte in content:
                stream.write(bytes([byte]))
        eventually(lambda: watch.answered == 3)
        assert watch.failed == 0


def test_renamed_and_moved_in(folder: Path, tmp_path: Path, model: Classifier) -> None:
    out = tmp_path / "out.jsonl"
    with watching(folder, out, model) as watch:
        eventually(lambda: watch.answered == 2)
        (folder / ".part").write_bytes(encode(PICTURES["green"]))
        (folder / ".part").rename(folder / "green.png")
        other = tmp_path / "other"
        other.mkdir()
        (other / "blue.png").write_bytes(encode(PICTURES["blue"]))
        other.rename(folder / "other")
        eventually(lambda: watch.answered == 4)
    assert {row["file"] for row in rows(out)} >= {"green.png", "other/blue.png"}


def test_move_by_label(folder: Path, tmp_path: Path, model: Classifier) -> None:
    out, into = tmp_path / "out.jsonl", folder / "sorted"
    with watching(folder, out, model, into) as watch:
        eventually(lambda: (into / "red" / "red.png").exists())
        eventually(lambda: (into / "blue" / "blue").exists())
        (folder / "bad.png").write_bytes(b"no picture")
        (folder / "red.png").write_bytes(encode(PICTURES["red"]))
        eventually(lambda: (into / "red" / "red-2.png").exists())
        eventually(lambda: watch.failed == 1)
    assert (folder / "bad.png").exists()
    assert len(rows(out)) == 4


def test_what_was_answered_and_not_moved_is_moved(
    folder: Path, tmp_path: Path, model: Classifier
) -> None:
    out, into = tmp_path / "out.jsonl", tmp_path / "sorted"
    with watching(folder, out, model) as watch:
        eventually(lambda: watch.answered == 2)
    with watching(folder, out, model, into) as watch:
        eventually(lambda: (into / "red" / "red.png").exists())
        eventually(lambda: (into / "blue" / "blue").exists())
    assert watch.answered == 0
    assert len(rows(out)) == 2


def test_a_line_that_was_cut_off_is_answered_again(
    folder: Path, tmp_path: Path, model: Classifier
) -> None:
    out = tmp_path / "out.jsonl"
    with watching(folder, out, model) as watch:
        eventually(lambda: watch.answered == 2)
    before = out.read_bytes()
    os.truncate(out, len(before) - 5)
    with watching(folder, out, model) as watch:
        eventually(lambda: watch.answered == 1)
    assert len(rows(out)) == 2
    assert {row["file"] for row in rows(out)} == {"red.png", "below/blue"}


def test_names_that_are_no_text(tmp_path: Path) -> None:
    out, name = tmp_path / "out.jsonl", os.fsdecode(b"\xff\n.jpg")
    with Journal(out) as journal:
        journal.add(name, (1, 2), {"label": "red"})
    assert out.read_bytes().count(b"\n") == 1
    with Journal(out) as journal:
        assert journal.has(name, (1, 2))
        assert not journal.has(name, (1, 3))


def test_a_journal_that_is_none(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    for content in ("text\n", "[]\n", '{"file": "a.jpg", "label": "red"}\n', "3\n"):
        out.write_text(content)
        with pytest.raises(FileError, match="line 1 is none"):
            Journal(out)
        assert out.read_text() == content
    with pytest.raises(FileError, match="cannot be written"):
        Journal(tmp_path / "none" / "out.jsonl")


def test_two_cannot_write_one_journal(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with Journal(tmp_path / "out.jsonl"), pytest.raises(FileError, match="another process"):
        Journal(tmp_path / "out.jsonl")


def test_labels_that_cannot_name_a_folder() -> None:
    check_labels(("a b", "ä"))
    for label in ("a/b", "..", ".", "/", "rejected"):
        with pytest.raises(SettingError, match="cannot be moved"):
            check_labels(("red", label))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a")
    (tmp_path / "sorted").write_bytes(b"")
    with pytest.raises(FileError, match="cannot be moved"):
        move(tmp_path / "a.png", tmp_path / "sorted", "red")
    assert (tmp_path / "a.png").exists()


def test_no_more_watches(
    folder: Path,
    tmp_path: Path,
    colors_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from watchdog.observers import Observer

    def fail(self: Any) -> None:
        raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(Observer, "start", fail)
    monkeypatch.setattr(signal, "signal", lambda *about: None)
    options = ["--out", str(tmp_path / "out.jsonl"), "--model", str(colors_file)]
    assert main(["watch", str(folder), *options]) == 1
    errors = capsys.readouterr().err
    assert "watch limit reached" in errors
    assert "free some space" not in errors


def test_command_line(
    folder: Path, tmp_path: Path, colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    options = ["--out", str(out), "--model", str(colors_file)]
    assert main(["watch", str(tmp_path / "none"), *options]) == 1
    assert "no such folder" in capsys.readouterr().err
    assert main(["watch", str(folder), *options, "--move", str(tmp_path)]) == 1
    assert "expected a folder that is not" in capsys.readouterr().err
    command = [str(Path(sys.executable).with_name("pocketlens")), "watch", str(folder), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            eventually(lambda: out.exists() and out.read_text().count("\n") == 2)
        finally:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors == "answered 2, could not read 0\n"
    shutil.rmtree(folder)

"""What may be written over, and what never."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from pocketlens.cli.whole_file import check_writable
from pocketlens.errors import FileError, SettingError
from pocketlens.replacing import replace_text


def test_a_pipe_or_device_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileError, match="is a device or a pipe"):
        replace_text(pipe, "text")
    assert pipe.is_fifo()


def test_what_a_link_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    replace_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "text"


def test_a_name_that_is_too_long_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"aaa.html: cannot be written \(.*too long"):
        check_writable(tmp_path / f"{'a' * 300}.html")
    longest = tmp_path / f"{'a' * 250}.html"
    replace_text(longest, "text")
    assert [file.name for file in tmp_path.iterdir()] == [longest.name]


def test_a_picture_and_any_model_stay(tmp_path: Path) -> None:
    picture, model = tmp_path / "report", tmp_path / "other.onnx"
    picture.write_bytes(cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes())
    with pytest.raises(FileError, match="is a picture"):
        check_writable(picture)
    with pytest.raises(FileError, match=r"does not end in \.onnx"):
        check_writable(model)
    (tmp_path / "report.html").write_text("<!DOCTYPE html>")
    check_writable(tmp_path / "report.html", None)


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a.json")
    with pytest.raises(SettingError, match="link: is asked for twice"):
        check_writable(tmp_path / "a.json", None, tmp_path / "link")

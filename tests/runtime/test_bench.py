from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from builders import encode, plain
from pocketlens.cli import main
from pocketlens.tools import bench


def test_bench_writes_each_stage(
    colors_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(bench, "BLOCKS", 2)
    monkeypatch.setattr(bench, "COLD_STARTS", 1)
    monkeypatch.setattr(bench, "_SECONDS_A_BLOCK", 0.001)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "red.png").write_bytes(encode(plain(255, 0, 0)))
    command = ["bench", str(colors_file), "--images", str(tmp_path / "photos")]
    assert main([*command, "--json", str(tmp_path / "now.json")]) == 0
    content = json.loads((tmp_path / "now.json").read_text())
    names = set(content["stages"])
    assert {"decode, 12-megapixel JPEG", "preprocess, 200x200 JPEG"} <= names
    assert {"inference, batch of 8, 1 thread", "predict, 200x200 JPEG, 1 thread"} <= names
    assert {"predict_many, 1 worker", "start to first answer, 200x200 JPEG"} <= names
    assert all(each["p50"] > 0 for each in content["stages"].values())
    assert [path.name for path in tmp_path.glob(".*")] == []
    assert "decode, 200x200 JPEG" in capsys.readouterr().out


def test_bad_arguments_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--images", str(tmp_path)]) == 1
    assert "expected a folder with picture files" in capsys.readouterr().err
    assert main(["bench", "--json", str(tmp_path / "no" / "where.json")]) == 1
    assert "in a folder that exists" in capsys.readouterr().err
    for odd in ("", str(tmp_path), "/proc/now.json"):
        assert main(["bench", "--json", odd]) == 1
        assert re.search("expected the name of a file|cannot be written", capsys.readouterr().err)
    assert main(["bench", str(tmp_path / "no.onnx")]) == 1
    assert "no such file" in capsys.readouterr().err

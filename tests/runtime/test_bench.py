from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from builders import encode, plain
from pocketlens.cli import main
from pocketlens.tools import bench
from pocketlens.tools.bench import compare


def stage(*blocks: float, unit: str = "ms") -> dict[str, Any]:
    middle = sorted(blocks)[len(blocks) // 2]
    return {"unit": unit, "p50": middle, "p90": middle, "p99": middle, "blocks": list(blocks)}


@pytest.mark.parametrize(
    ("now", "then", "expected"),
    [
        (stage(2, 2.1, 2.2), stage(1, 1.1, 1.2), (2.1 / 1.1, "slower")),
        (stage(1, 1.1, 1.2), stage(2, 2.1, 2.2), (1.1 / 2.1, "faster")),
        (stage(1, 1.3, 1.6), stage(1.1, 1.2, 1.4), (1.3 / 1.2, "within noise")),
        (stage(1.05, 1.05), stage(1, 1), (1.05, "within noise")),
        (stage(9, 9, unit="MB"), stage(5, 5, unit="MB"), (9 / 5, "more")),
        (stage(9, unit="MB"), stage(5, unit="MB"), (9 / 5, "measured once")),
    ],
)
def test_verdict_knows_noise(
    now: dict[str, Any], then: dict[str, Any], expected: tuple[float, str]
) -> None:
    assert list(compare({"s": now, "new": now}, {"s": then})) == [("s", *expected)]


def test_bench_and_compare(
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
    capsys.readouterr()
    content["machine"] = "another one"
    (tmp_path / "then.json").write_text(json.dumps(content))
    assert main([*command, "--compare", str(tmp_path / "then.json")]) == 0
    out = capsys.readouterr().out
    assert "another machine: another one" in out
    assert "decode, 200x200 JPEG" in out.partition("against")[2]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 9}', '{"format": 1, "stages": []}'])
def test_file_to_compare_with_that_is_none(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "then.json").write_text(text)
    assert main(["bench", "--compare", str(tmp_path / "then.json")]) == 1
    assert "expected what an earlier `pocketlens bench --json` wrote" in capsys.readouterr().err


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

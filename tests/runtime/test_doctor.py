from __future__ import annotations

from pathlib import Path

import pytest

from pocketlens.cli import main
from pocketlens.engine import providers
from pocketlens.errors import MissingExtraError
from pocketlens.tools import doctor


def test_healthy_installation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    verdicts = {line.split()[1]: line.split()[0] for line in lines if len(line.split()) > 1}
    assert verdicts["pocketlens"] == verdicts["onnxruntime"] == verdicts["model"] == "ok"
    assert verdicts["CPUExecutionProvider"] == verdicts["threads"] == "ok"
    assert lines[-1] == "0 problems"
    assert sum("selftest" in line for line in lines) == 4


def test_both_wheels(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def both(stem: str) -> list[str]:
        return [stem, f"{stem}-gpu"] if stem == "onnxruntime" else ["opencv-python-headless"]

    for module in (doctor, providers):
        monkeypatch.setattr(module, "installed_wheels", both)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "PROBLEM  onnxruntime" in out
    assert "overwrite each other's files" in out


def test_no_onnxruntime(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise MissingExtraError("onnxruntime cannot be imported")

    monkeypatch.setattr(doctor, "import_onnxruntime", missing)
    assert main(["doctor"]) == 1
    assert "PROBLEM  providers" in capsys.readouterr().out


def test_bad_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    assert main(["doctor", str(tmp_path / "bad.onnx")]) == 1
    out = capsys.readouterr().out
    assert "PROBLEM  model" in out
    assert out.endswith("1 problem\n")

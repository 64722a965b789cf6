"""The pinned files of onnxruntime-web: there, missing, or others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketlens.cli import main
from pocketlens_web import onnxruntime_web


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"):
        (tmp_path / name).write_bytes((onnxruntime_web.VENDORED / name).read_bytes())
    return tmp_path


def test_page_from_a_folder_of_ones_own(folder: Path) -> None:
    out = folder / "page.html"
    assert main(["web", "--out", str(out), "--runtime", str(folder)]) == 0
    assert out.is_file()


def test_installation_without_them_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(onnxruntime_web, "VENDORED", tmp_path / "none")
    assert main(["web", "--out", str(tmp_path / "page.html")]) != 0
    said = capsys.readouterr().err
    assert "npm pack onnxruntime-web@" in said
    assert "--runtime" in said
    assert list(tmp_path.iterdir()) == []


def test_other_version_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = folder / "ort.wasm.bundle.min.mjs"
    script.write_bytes(script.read_bytes() + b" ")
    assert main(["web", "--out", str(folder / "page.html"), "--runtime", str(folder)]) != 0
    assert f"{script}: is not that of onnxruntime-web@" in capsys.readouterr().err


def test_model_is_not_written_over(colors_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = colors_file.read_bytes()
    assert main(["web", str(colors_file), "--out", str(colors_file)]) != 0
    assert "is the model itself" in capsys.readouterr().err
    assert colors_file.read_bytes() == before

"""The notebook's cells, run one after the other as a reader does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

for library in ("keras", "onnxruntime", "sklearn", "tensorflow", "tf2onnx"):
    pytest.importorskip(library)
matplotlib = pytest.importorskip("matplotlib")

NOTEBOOK = Path(__file__).parents[2] / "examples" / "tutorial.ipynb"


def test_tutorial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert (tmp_path / "tutorial" / "digits.onnx").is_file()
    assert names["model"].labels == ("one", "seven", "zero")  # type: ignore[attr-defined]
    assert capsys.readouterr().out.splitlines()[-2].startswith("one -> one ")

"""What `train` prints at the end."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from builders import described, figures
from pocketlens.cli import main


def test_what_stands_beside_the_accuracy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    metadata = replace(described(("cat", "dog")), metrics=figures([[90, 0], [10, 0]]))
    trained = SimpleNamespace(train=lambda *about: metadata)
    monkeypatch.setitem(sys.modules, "pocketlens_train.train", trained)
    monkeypatch.setattr("pocketlens_train.cli.check_tensorflow_needs", lambda: None)
    assert main(["train", str(tmp_path), "--out", "run"]) == 0
    out = capsys.readouterr().out
    assert "right for 90.00% of 100 test pictures" in out
    assert "balanced accuracy: 50.00% (95 % interval " in out
    assert "majority's share: 90.00%" in out
    assert "never answered: dog\n" in out

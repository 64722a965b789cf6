"""Plots of any labels; a warning of matplotlib, such as of a missing letter, is an error."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")

from matplotlib import font_manager

from builders import encode, plain
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train import fonts, plots

UNKNOWN = "\N{LINEAR B SYLLABLE B008 A}"
"""Of a script that no font here is known for; see no_font()."""


@pytest.fixture
def no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    covered = fonts._covered

    def without(font: str, letters: set[str]) -> set[str]:
        return covered(font, letters - {UNKNOWN})

    monkeypatch.setattr(fonts, "_covered", without)


def finished(folder: Path, labels: list[str]) -> tuple[Any, Any, Any]:
    """A run whose first class was taken for the second, the others right."""
    (folder / "0.png").write_bytes(encode(plain(200, 0, 0)))
    count = len(labels)
    answers = np.eye(count) * 0.9 + 0.1 / count
    answers[0] = answers[1]
    matrix = np.eye(count, dtype=int)
    matrix[0] = matrix[1]
    test = SimpleNamespace(folder=folder, files=["0.png"] * count, targets=np.arange(count))
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    metadata = SimpleNamespace(
        labels=tuple(labels),
        preprocessing=Preprocessing((8, 8), "rgb"),
        metrics=SimpleNamespace(confusion_matrix=matrix.tolist()),
        history={name: [0.5, 0.7] for name in names},
        training=SimpleNamespace(seed=0),
    )
    return metadata, test, answers


@pytest.mark.usefixtures("no_font")
def test_any_label_can_be_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = ["$a$ 5", "$", "50", "=1+1", "{x}^2", "_", "a\\b", "%d", "مرحبا", "עברית", "shown"]
    plots.write_plots(tmp_path, *finished(tmp_path, [*odd, UNKNOWN, "x" * 200, "y" * 200]))
    drawn = [file.name for file in tmp_path.glob("*.png") if cv2.imread(str(file)) is not None]
    assert len(drawn) == 6
    error = capsys.readouterr().err
    assert f"no installed font has {UNKNOWN}, drawn as \N{WHITE SQUARE}; install" in error
    assert error.count("\n") == 1
    assert UNKNOWN in (tmp_path / "classification_report.txt").read_text(encoding="utf-8")


@pytest.mark.usefixtures("no_font")
def test_mistake_between_labels_that_look_alike_is_one(tmp_path: Path) -> None:
    alike = ["x" * 40, "x" * 41, UNKNOWN, UNKNOWN * 2]
    chosen = {
        name: examples for name, examples, _ in plots._chosen_examples(*finished(tmp_path, alike))
    }
    assert [example.truth for example in chosen["incorrect"]] == ["x" * 40]
    assert len(chosen["correct"]) == 3


def test_letters_come_from_a_font_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        "many": {"猫", "犬", "鳥"},
        "few": {"犬", "ก"},
        "none": set(),
        "Last Resort": {"猫", "☃"},
    }
    entries = [SimpleNamespace(name=name, fname=name, style="normal") for name in known]
    monkeypatch.setattr(font_manager, "fontManager", SimpleNamespace(ttflist=entries))
    monkeypatch.setattr(
        fonts, "_covered", lambda font, letters: letters & known.get(font, {"a", "é"})
    )
    families, missing = fonts.fonts_for("a é 猫犬鳥 ก ☃")
    assert families[-2:] == ["many", "few"]
    assert missing == "☃"
    assert fonts.fonts_for("a é") == (families[:-2], "")


def test_very_many_classes_go_by_number(tmp_path: Path) -> None:
    labels = [f"species {number:04}" for number in range(1000)]
    plots.save_confusion_matrix(np.eye(1000, dtype=int).tolist(), labels, tmp_path / "m.png")
    assert cv2.imread(str(tmp_path / "m.png")) is not None

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from builders import described

pytest.importorskip("onnxruntime")

import pocketlens
from pocketlens.cli import main
from pocketlens.metrics import COVERAGES
from pocketlens.tools.card import render

ROOT = Path(__file__).parents[2]


def test_card_of_the_bundled_model_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card"]) == 0
    card = capsys.readouterr().out
    assert card == (ROOT / "MODEL_CARD.md").read_text(encoding="utf-8"), (
        "run: pocketlens card > MODEL_CARD.md"
    )
    metadata = pocketlens.load_model().metadata
    for text in (
        metadata.accuracy_text().split(" of ")[0],
        metadata.familiarity.rejection.text(),
        *metadata.training.commands(),
        metadata.about.strip(),
    ):
        assert text in card
    assert card.count("%") > len(COVERAGES)


def test_card_of_a_bare_model(colors_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", str(colors_file)]) == 0
    card = capsys.readouterr().out
    assert "# Model card: colors.onnx" in card
    assert "red, green, blue" in card
    assert "must not be used for" in card
    assert "## Figures" not in card


def test_card_of_a_thousand_classes() -> None:
    card = render("x.onnx", 1, described(tuple(f"species {i:04}" for i in range(1000))))
    assert len(card) < 6000
    assert max(map(len, card.splitlines())) < 500
    assert "species 0019 and 980 more" in card
    assert "classes that are missed most often" in card
    assert "| species 0000 | 90.00% | 90.00% | 10 |" in card
    assert "| species 0000 | species 0001 | 1 | 10 |" in card
    assert "509,500 of 1,000 classes, from 10 species 0000 to 1,009 species 0999" in card


def test_card_shows_any_label_as_it_is() -> None:
    labels = (
        "*a*",
        "__b__",
        "<c>",
        "|d|",
        "$$e$$",
        "www.f.invalid",
        "# g",
        "猫",
        "🐶、h",
        "i, j",
    )
    card = render("x.onnx", 1, described(labels))
    words = r"\*a\*, \_\_b\_\_, \<c\>, \|d\|, \$\$e\$\$, www\.f\.invalid, \# g, 猫, 🐶、h, i, j"
    assert f"| labels | {words} |\n" in card
    assert r"| \|d\| | 0 | 0 | 0 | 9 | 1 | 0 | 0 | 0 | 0 | 0 |" in card


def test_info_of_a_thousand_classes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tuple(f"species {i:04}" for i in range(1000))
    model = SimpleNamespace(labels=labels, metadata=described(labels), providers=("CPU",))
    monkeypatch.setattr("pocketlens.cli.info.load_model", lambda path: model)
    (tmp_path / "x.onnx").touch()
    assert main(["info", str(tmp_path / "x.onnx")]) == 0
    shown = capsys.readouterr().out
    assert "labels                     species 0000, species 0001," in shown
    assert "species 0019 and 980 more\n" in shown
    assert max(map(len, shown.splitlines())) < 500

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")

import pocketlens
from pocketlens.cli import main
from pocketlens.metrics import COVERAGES

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

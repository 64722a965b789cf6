"""A training on pictures of 16 bits that use the low part of their range."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

for library in ("keras", "sklearn", "matplotlib", "tqdm"):
    pytest.importorskip(library)

from pocketlens.cli import main
from pocketlens.pictures import depth
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train import architectures, plots

OPTIONS = ["--arch", "tutorial", "--input-size", "32", "--epochs", "1"]


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth, "_is_said", False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for place, label in enumerate(("left", "right")):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(8):
            pixels = random.integers(100, 300, (32, 32), np.uint16)
            pixels[:, 16 * place : 16 * place + 16] += 3000
            cv2.imwrite(str(tmp_path / "pictures" / label / f"{number}.png"), pixels)
    return tmp_path / "pictures"


def test_own_range_travels_in_the_record(folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert main(["train", str(folder), "--out", str(run), *OPTIONS, "--depth", "own_range"]) == 0
    metadata = json.loads((run / "record.json").read_text(encoding="utf-8"))["metadata"]
    assert metadata["preprocessing"]["depth"] == "own_range"
    assert "--depth own_range" in metadata["training"]["command"]


def test_examples_are_shown_as_the_network_sees_them(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(depth, "_is_said", True)
    example = plots.Example(folder / "left" / "0.png", "left", "left", 1.0)
    brightness = []
    for name in ("high_bits", "own_range"):
        file = tmp_path / "one.png"
        plots.save_examples([example], {"left": "left"}, "one", file, name)
        brightness.append(cv2.imread(str(file)).mean())  # type: ignore[union-attr]
    assert brightness[1] > brightness[0] + 20


def test_pictures_are_kept_for_crops_at_the_same_depth() -> None:
    recipe = architectures.load("edge").RECIPE
    for name in depth.DEPTHS:
        assert recipe.source(Preprocessing((8, 8), "rgb", depth=name)).depth == name


def test_a_training_says_once_what_would_help(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in list((folder / "right").iterdir())[1:]:
        file.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["train", str(folder), "--out", str(tmp_path / "run"), *OPTIONS]) == 1
    *notes, error = capsys.readouterr().err.splitlines()
    (note,) = (line for line in notes if "16 bits" in line)
    assert note.startswith("pocketlens: note: a picture of 16 bits")
    assert "`pocketlens train --depth own_range`" in note
    assert "class 'right' has 1 usable" in error

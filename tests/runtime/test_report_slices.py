"""Kinds of pictures: marked where the model does worse by more than chance and class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answered import answers
from builders import encode, plain
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.report.slices import Slice, slices

SHADES = {"dark": 20, "middling": 128}


@pytest.fixture(scope="module")
def shades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shades")
    for name, level in SHADES.items():
        (folder / f"{name}.png").write_bytes(encode(plain(level, level // 2, 0, (60, 60))))
    return folder


def measured(folder: Path, groups: list[tuple[str, int, int, int]]) -> dict[str, Slice]:
    """Of (name, class, right, wrong)."""
    files: list[str] = []
    targets: list[int] = []
    said: list[int] = []
    for name, target, right, wrong in groups:
        files += [name] * (right + wrong)
        targets += [target] * (right + wrong)
        said += [target] * right + [1 - target] * wrong
    rows: Any = answers(targets, said, 2)
    return {
        each.title: each
        for each in slices(LabelledAnswers(folder, files, np.array(targets), rows), 8)
    }


def test_a_kind_that_is_answered_worse(shades: Path) -> None:
    middling = [("middling.png", 0, 95, 5), ("middling.png", 1, 95, 5)]
    found = measured(shades, [*middling, ("dark.png", 0, 12, 18), ("dark.png", 1, 13, 17)])
    assert found["dark"].verdict == "worse"
    assert found["dark"].images == 60
    assert found["dark"].accuracy == 25 / 60
    assert found["dark"].interval[0] < 25 / 60 < found["dark"].interval[1]
    assert "grey" not in found


def test_a_difference_within_chance_is_not_marked(shades: Path) -> None:
    found = measured(shades, [("middling.png", 0, 90, 10), ("dark.png", 0, 26, 4)])
    assert found["dark"].verdict == ""


def test_a_kind_of_a_difficult_class_is_not_marked(shades: Path) -> None:
    """All dark pictures are of the class that is often wrong: the class is why."""
    found = measured(
        shades, [("middling.png", 0, 99, 1), ("middling.png", 1, 30, 30), ("dark.png", 1, 30, 30)]
    )
    assert found["dark"].accuracy == 0.5
    assert found["dark"].expected == pytest.approx(0.5)
    assert found["dark"].verdict == ""


def test_sub_folders_across_classes_and_files_that_are_gone(tmp_path: Path) -> None:
    found = measured(
        tmp_path,
        [
            ("a/left/gone.png", 0, 10, 30),
            ("b/left/gone.png", 1, 10, 30),
            ("a/right/gone.png", 0, 40, 0),
            ("b/right/gone.png", 1, 40, 0),
        ],
    )
    assert list(found) == ["in the sub-folder left", "in the sub-folder right"]
    assert [each.verdict for each in found.values()] == ["worse", "better"]
    assert found["in the sub-folder left"].images == 80


def test_few_pictures_are_no_kind(shades: Path) -> None:
    assert measured(shades, [("middling.png", 0, 50, 0), ("dark.png", 0, 0, 9)]) == {}

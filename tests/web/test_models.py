"""Pages of other models than the bundled one: all run, or are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builders import COLORS, colors_model, encode
from pocketlens import load_model
from pocketlens.cli import main
from web_page import choose_many, saved_rows

RANDOM = np.random.default_rng(4)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Of one colour and noise, larger and smaller than the input."""
    files = []
    for number, size in enumerate(((40, 60), (9, 7), (300, 200), (64, 64))):
        color = RANDOM.integers(0, 200, 3)
        pixels = (color + RANDOM.integers(0, 55, (*size, 3))).astype(np.uint8)
        files.append(tmp_path / f"{number}.{'jpg' if number % 2 else 'png'}")
        files[-1].write_bytes(encode(pixels, files[-1].suffix))
    return files


def answers_alike(tab: Any, model: Path, pictures: list[Path], allowed: float) -> None:
    choose_many(tab, pictures)
    for picture, row in zip(pictures, saved_rows(tab), strict=True):
        expected = load_model(model).predict(picture)
        if not expected.rejected:
            assert row["answer"] == expected.label
        for label, score in expected.scores.items():
            assert float(row[f"p({label})"]) == pytest.approx(score, abs=allowed)


@pytest.mark.parametrize("crop_mode", ["squash", "letterbox", "center"])
@pytest.mark.parametrize("region", [None, [0.1, 0.2, 0.6, 0.5]])
def test_every_recipe_answers_as_the_runtime(
    crop_mode: str,
    region: list[float] | None,
    tmp_path: Path,
    make_page: Callable[..., Path],
    open_page: Callable[..., Any],
    pictures: list[Path],
) -> None:
    recipe = COLORS.preprocessing.to_dict() | {"crop_mode": crop_mode, "region": region}
    model = tmp_path / "colors_of-things.onnx"
    model.write_bytes(colors_model(preprocessing=recipe))
    tab = open_page(make_page(str(model)))
    assert tab.inner_text("h1") == "Colors of things"
    answers_alike(tab, model, pictures, 0.005)
    assert tab.problems == []


@pytest.mark.parametrize("fixture", ["exported_model", "edge_model", "taught_model"])
def test_models_of_every_making(
    fixture: str,
    request: pytest.FixtureRequest,
    make_page: Callable[..., Path],
    open_page: Callable[..., Any],
    pictures: list[Path],
) -> None:
    model = request.getfixturevalue(fixture)
    tab = open_page(make_page(str(model)))
    # Noise lies far from what an int8 network has learnt: there the kernels differ most.
    answers_alike(tab, model, pictures, 0.05)
    tab.locator("#tested", has_text="Self-test passed").wait_for()
    assert tab.problems == []


def test_recipe_that_no_browser_executes_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = COLORS.preprocessing.to_dict() | {"depth": "own_range"}
    model, out = tmp_path / "deep.onnx", tmp_path / "page.html"
    model.write_bytes(colors_model(preprocessing=recipe))
    assert main(["web", str(model), "--out", str(out)]) != 0
    said = capsys.readouterr().err
    assert "depth='own_range'" in said
    assert str(model) in said
    assert not out.exists()


def test_page_of_another_recipe_says_so(
    page_file: Path, tmp_path: Path, open_page: Callable[..., Any]
) -> None:
    text = page_file.read_text(encoding="utf-8")
    assert text.count('"crop_mode": "squash"') == 1
    changed = tmp_path / "page.html"
    changed.write_text(text.replace('"crop_mode": "squash"', '"crop_mode": "tiles"'), "utf-8")
    assert "asks for crop_mode=tiles" in open_page(changed).inner_text("#alarm")


def test_names_of_classes_are_no_markup(
    tmp_path: Path, make_page: Callable[..., Path], open_page: Callable[..., Any]
) -> None:
    labels = ["</script><b>x</b>", "$name & co", "'\"<!--<script>"]
    model = tmp_path / "<i>odd<.onnx"
    model.write_bytes(colors_model(labels=labels, metrics=None))
    tab = open_page(make_page(str(model)))
    assert tab.locator(".chips li").all_inner_texts() == labels
    assert tab.inner_text("h1") == "<i>odd<"
    assert tab.get_by_text("x", exact=True).count() == 0

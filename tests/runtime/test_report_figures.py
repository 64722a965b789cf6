"""Report, record, `info` and `evaluate --json` state the same figures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("onnxruntime")

from builders import COLORS, colors_model, paint
from pocketlens.cli import main
from pocketlens.loading import BUNDLED_MODEL
from pocketlens.metadata import Metadata
from pocketlens.run_folder import MODEL, Run, read_run, write_record

MEASURED = {
    "accuracy": "accuracy",
    "balanced-accuracy": "balanced_accuracy",
    "majority-share": "majority_share",
    "log-loss": "log_loss",
    "calibration-error": "calibration_error",
}
"""The name of a figure in the page, and in the JSON."""


def figures_of(page: Path) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in re.findall(
        r'<data data-figure="([^"]+)" value="([^"]+)">', page.read_text()
    ):
        assert found.setdefault(name, float(value)) == float(value)
    return found


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for label in ("red", "green", "blue"):
        paint(tmp_path / "pictures", label, 5)
    stray = tmp_path / "pictures" / "red" / "0.png"
    stray.rename(tmp_path / "pictures" / "green" / "stray.png")
    return tmp_path / "pictures"


def evaluated(model: Path, pictures: Path, page: Path, capsys: Any) -> dict[str, Any]:
    assert main(["evaluate", str(model), str(pictures), "--json", "--report", str(page)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_all_four_agree(
    colors_file: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    found = evaluated(colors_file, pictures, page, capsys)
    assert 0 < found["accuracy"] < 1
    figures = figures_of(page)
    assert {name: figures[name] for name in MEASURED} == {
        name: found[key] for name, key in MEASURED.items()
    }
    assert [figures["accuracy-low"], figures["accuracy-high"]] == found["accuracy_interval"]

    names = ("accuracy", "accuracy_interval", "log_loss", "calibration_error", "confusion_matrix")
    metrics = {name: found[name] for name in names} | {"images": found["pictures"]}
    file = tmp_path / "measured.onnx"
    file.write_bytes(colors_model(metrics=metrics))
    record = write_run(tmp_path / "run", metrics)
    assert record.metrics is not None
    assert record.metrics.accuracy == figures["accuracy"]
    assert record.metrics.balance.accuracy == figures["balanced-accuracy"]
    assert record.metrics.log_loss == figures["log-loss"]

    assert main(["info", str(file)]) == 0
    shown = capsys.readouterr().out
    assert f"test accuracy              {figures['accuracy']:.2%} of {found['pictures']}" in shown
    assert f"balanced accuracy          {figures['balanced-accuracy']:.2%}" in shown
    assert f"log loss                   {figures['log-loss']:.4f}" in shown
    assert f"calibration error          {figures['calibration-error']:.2%}" in shown
    assert f">{figures['accuracy']:.2%}</data>" in page.read_text()


def write_run(folder: Path, metrics: dict[str, Any]) -> Metadata:
    """The metadata of a run with these figures, written and read again."""
    folder.mkdir()
    (folder / MODEL).touch()
    content = json.loads(COLORS.to_json()) | {"metrics": metrics}
    split: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    metadata = Metadata.from_json(json.dumps(content))
    write_record(Run(folder / MODEL, metadata, folder, folder, split), [])
    return read_run(folder).metadata


def test_figures_are_of_this_evaluation_not_of_the_file(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    metrics = {"accuracy": 1.0, "accuracy_interval": [0.4, 1.0], "log_loss": 0.0, "images": 3}
    model = tmp_path / "model.onnx"
    model.write_bytes(
        colors_model(metrics=metrics | {"calibration_error": 0.0, "confusion_matrix": matrix})
    )
    page = tmp_path / "report.html"
    found = evaluated(model, pictures, page, capsys)
    assert figures_of(page)["accuracy"] == found["accuracy"] < 1


def test_rejected_pictures_are_those_that_few_are_stranger_than(
    photos: list[Path], tmp_path: Path
) -> None:
    for photo, label in zip(photos[:2], ("cat", "dog"), strict=True):
        (tmp_path / "pets" / label).mkdir(parents=True)
        shutil.copy(photo, tmp_path / "pets" / label)
    page = tmp_path / "report.html"
    arguments = [str(BUNDLED_MODEL), str(tmp_path / "pets"), "--report", str(page)]
    assert main(["evaluate", *arguments]) == 0
    assert "fewer than 2.0% of known pictures look as strange as they do" in page.read_text()


def test_the_report_is_not_written_over_the_model(colors_file: Path, pictures: Path) -> None:
    before = colors_file.read_bytes()
    assert main(["evaluate", str(colors_file), str(pictures), "--report", str(colors_file)]) == 1
    assert colors_file.read_bytes() == before


def test_without_report_no_template_is_loaded(colors_file: Path, pictures: Path) -> None:
    code = (
        "import sys; from pocketlens.cli import main\n"
        f"main(['evaluate', {str(colors_file)!r}, {str(pictures)!r}])\n"
        "assert not {'jinja2', 'pocketlens.report'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from pocketlens.checking.findings import Findings
from pocketlens.cli import main
from pocketlens.metadata import Metadata
from pocketlens.run_folder import read_run

PLOTS = tuple(
    f"{name}.png"
    for name in ("learning_curves", "confusion_matrix", "correct", "incorrect", "surest_mistakes")
)


def test_run_folder_is_complete(finished_run: Path) -> None:
    expected = {
        *("model.keras", "answers.npz", "record.json", "report.html", "classification_report.txt"),
        *PLOTS,
    }
    assert {file.name for file in finished_run.iterdir()} == expected
    for plot in PLOTS:
        assert cv2.imread(str(finished_run / plot)) is not None
    assert "green" in (finished_run / "classification_report.txt").read_text(encoding="utf-8")


def test_short_check_is_in_the_record(finished_run: Path, picture_folder: Path) -> None:
    findings = read_run(finished_run).findings
    assert findings
    assert findings.folder == str(picture_folder)
    assert findings.pictures >= 96
    record = json.loads((finished_run / "record.json").read_text(encoding="utf-8"))
    assert Findings.from_dict(record["check"]) == findings


def test_record(finished_run: Path, picture_folder: Path) -> None:
    record = json.loads((finished_run / "record.json").read_text(encoding="utf-8"))
    metadata = Metadata.from_json(json.dumps(record["metadata"]))
    assert metadata.labels == ("blue", "green", "red")
    assert metadata.preprocessing.input_shape == (32, 40, 3)
    assert metadata.metrics.accuracy > 0.7
    assert metadata.metrics.images == len(record["split"]["test"]) == 29
    assert len(metadata.history["val_loss"]) == 6
    assert metadata.data.images == {"blue": 32, "green": 32, "red": 32}
    assert [entry["file"] for entry in record["left_out"]] == ["green/text.jpg", "red/empty.jpg"]
    names = [name for part in record["split"].values() for name in part]
    assert len(names) == len(set(names)) == 96
    assert all((picture_folder / name).is_file() for name in names)


def test_model_is_made_of_stock_layers(finished_run: Path) -> None:
    code = (
        "import sys, keras\n"
        f"keras.saving.load_model({str(finished_run / 'model.keras')!r})\n"
        "assert not [name for name in sys.modules if name.startswith('pocketlens')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_left_out_files_are_named(
    picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("keras")
    few = tmp_path / "few"
    for name in ("red/empty.jpg", "red/00.jpg", "blue/00.jpg"):
        (few / name).parent.mkdir(parents=True, exist_ok=True)
        (few / name).write_bytes((picture_folder / name).read_bytes())
    assert main(["train", str(few), "--out", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err
    assert "left out: red/empty.jpg: empty" in error
    assert error.splitlines()[-1].startswith("pocketlens: error: class 'blue' has 1 usable")
    assert not (tmp_path / "run").exists()


def test_keras_backend_that_is_not_there(picture_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    script = Path(sys.executable).with_name("pocketlens")
    done = subprocess.run(
        [script, "train", picture_folder, "--out", tmp_path / "run"],
        env=os.environ | {"KERAS_BACKEND": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("pocketlens: error: Keras cannot start with KERAS_BACKEND=none")
    assert done.stderr.count("\n") == 1


def test_bad_requests_are_one_line(
    finished_run: Path, picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for arguments, reason in (
        ([tmp_path / "missing", "--out", tmp_path / "run"], "no such folder"),
        ([picture_folder, "--out", finished_run], "holds a finished run"),
        ([picture_folder, "--out", tmp_path / "file" / "run"], "cannot be made"),
        ([picture_folder, "--out", tmp_path / "file"], "is a file"),
        ([picture_folder, "--out", tmp_path], "holds other files"),
        ([picture_folder, "--out", picture_folder / "red" / "run"], "lies in the picture folder"),
        (
            [picture_folder, "--out", tmp_path / "r", "--arch", "tutorial", "--input-size", "8"],
            "larger --input-size",
        ),
    ):
        assert main(["train", *map(str, arguments)]) == 1
        error = capsys.readouterr().err.splitlines()
        assert reason in error[-1]
        assert len(error) == 1

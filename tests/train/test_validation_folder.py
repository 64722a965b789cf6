"""A split that is there already: --validation, with or without --test."""

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from pocketlens.cli import main
from pocketlens.run_folder import read_run

for library in ("keras", "sklearn", "matplotlib", "tqdm"):
    pytest.importorskip(library)

OPTIONS = ["--arch", "tutorial", "--input-size", "32", "--color-mode", "rgb", "--epochs", "1"]


@pytest.fixture
def validation(picture_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "validation"
    copytree(picture_folder, folder)
    for file in folder.glob("*/*"):
        if not file.name.startswith("0"):
            file.unlink()
    return folder


def train(folder: Path, run: Path, *options: str | Path) -> int:
    return main(["train", str(folder), "--out", str(run), *OPTIONS, *map(str, options)])


def test_all_of_the_folder_is_learnt_from(
    picture_folder: Path,
    validation: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pocketlens_train.plots.write_plots", lambda *about: None)
    monkeypatch.setattr("pocketlens_train.train.write_report", lambda *about: None)
    run_folder = tmp_path / "run"
    given = ("--validation", validation, "--keep-repeats")
    assert train(picture_folder, run_folder, *given) == 0
    out = capsys.readouterr().out
    assert "96 pictures to train, 30 to validate, 0 to test" in out
    assert "the figures are of the validation pictures, by which the network was chosen" in out
    run = read_run(run_folder)
    assert len(run.split["train"]) == 96
    assert run.split["validation"] == run.split["test"]
    paths, _ = run.pictures("validation")
    assert paths[0].parents[1] == run.test_folder == validation
    assert run.metadata.metrics.images == 30
    assert run.metadata.data.validation_fingerprint
    assert run.metadata.data.split["test"] == 0
    assert "the figures are of the validation" in dict(run.metadata.data.rows())["split"]
    assert "--validation validation" in run.metadata.training.command


def test_one_line_for_what_contradicts_or_does_not_fit(
    picture_folder: Path, validation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    for label in ("red", "green", "yellow"):
        (other / label).mkdir(parents=True)
        (other / label / "0.jpg").write_bytes(b"")
    for options, reason in (
        ([validation, "--validation-split", "0.2"], "and --validation-split contradict"),
        ([validation, "--folds", "3"], "--validation and --folds contradict each other"),
        ([validation, "--groups", "sub-folder"], "--groups: pictures are kept together in folds"),
        ([other], "its classes are not those of the training pictures (only there: yellow;"),
        ([tmp_path / "missing"], "no such folder"),
    ):
        assert train(picture_folder, tmp_path / "run", "--validation", *options) == 1
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1
        assert not (tmp_path / "run").exists()
    out = validation / "run"
    assert train(picture_folder, out, "--validation", validation) == 1
    assert "lies in the picture folder" in capsys.readouterr().err

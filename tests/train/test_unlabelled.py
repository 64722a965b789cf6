"""Pictures without labels, on which a teacher's answers are learnt."""

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from builders import encode
from pocketlens.cli import main
from pocketlens.run_folder import read_run

for library in ("keras", "sklearn", "matplotlib", "tqdm"):
    pytest.importorskip(library)

from pocketlens_train import batches, distillation
from pocketlens_train.distillation import SHARE, teach
from pocketlens_train.interruption import Interruption


@pytest.fixture
def unlabelled(picture_folder: Path, tmp_path: Path) -> Path:
    """Nine new pictures and three that have labels."""
    folder = tmp_path / "unlabelled"
    (folder / "2024" / "may").mkdir(parents=True)
    random = np.random.default_rng(5)
    for number in range(9):
        noise = random.integers(0, 256, (36, 48, 3), np.uint8)
        (folder / "2024" / "may" / f"{number}.png").write_bytes(encode(noise))
    for file in picture_folder.glob("*/07.jpg"):
        (folder / f"{file.parent.name}.jpg").write_bytes(file.read_bytes())
    return folder


@pytest.mark.usefixtures("small_edge")
def test_answers_to_unlabelled_pictures_are_learnt(
    picture_folder: Path,
    outlier_folder: Path,
    unlabelled: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    teacher, run = tmp_path / "teacher", tmp_path / "run"
    command = ["train", str(picture_folder), "--arch", "edge", "--epochs", "1"]
    command += ["--input-size", "48", "--outliers", str(outlier_folder)]
    assert main([*command, "--out", str(teacher)]) == 0
    learnt = []
    getitem = batches.Batches.__getitem__

    def noted(self: batches.Batches, index: int) -> Any:
        found = getitem(self, index)
        if isinstance(found[1], dict) and self._seed is not None:
            learnt.append(len(found[0]))
        return found

    monkeypatch.setattr(batches.Batches, "__getitem__", noted)
    options = ["--teacher", str(teacher), "--unlabelled", str(unlabelled), "--out", str(run)]
    assert main([*command, *options]) == 0
    captured = capsys.readouterr()
    assert "60 pictures to train, 7 to validate, 29 to test, 16 outliers, 9 unlabelled" in (
        captured.out
    )
    assert "3 also among the labelled pictures or the outliers" in captured.err
    assert sum(learnt) >= 60 + 9 + 16
    found = read_run(run)
    assert found.metadata.data.unlabelled == 9
    assert "unlabelled" in dict(found.metadata.data.rows())
    assert "--unlabelled unlabelled" in found.metadata.training.command
    assert {part: len(files) for part, files in found.split.items()} == {
        "train": 60,
        "validation": 7,
        "test": 29,
    }
    assert not list(run.glob("*.npy"))


def test_teacher_alone_says_what_an_unlabelled_picture_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of labelled ones the labels have their share, of outliers all."""
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.36, 0.64]], np.float32)

    def ask(*about: Any) -> Any:
        return answers, np.random.default_rng(0).normal(size=(4, 130)).astype(np.float32)

    monkeypatch.setattr(distillation, "_ask", ask)
    metadata = SimpleNamespace(labels=("a", "b"))
    teacher = SimpleNamespace(run=SimpleNamespace(metadata=metadata))
    targets = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]], np.float32)
    sources = [np.zeros((count, 8, 8, 3), np.uint8) for count in (2, 1, 1)]
    (first,) = teach(
        teacher,  # type: ignore[arg-type]
        sources,
        targets,
        np.arange(4),
        tmp_path / "answers",
        min_area=0.5,
        seed=0,
        variants=1,
        interruption=Interruption(),
    )
    soft = first["probabilities"]
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(soft[3], [3 / 7, 4 / 7, 0], atol=1e-6)
    np.testing.assert_allclose(soft[2], [0, 0, 1])
    np.testing.assert_allclose(soft[0], [1 - SHARE + SHARE * 0.75, SHARE * 0.25, 0], atol=1e-6)
    assert np.abs(first["embedding"][3]).sum() > 0


def test_one_line_for_what_cannot_be(
    picture_folder: Path,
    edge_run: Path,
    unlabelled: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    command = ["train", str(picture_folder), "--out", str(tmp_path / "run"), "--unlabelled"]
    for options, reason in (
        ([unlabelled], "give its run by --teacher RUN, or leave --unlabelled out"),
        ([tmp_path / "missing"], "no such folder"),
        ([tmp_path / "empty"], "holds no file, expected pictures without labels (--unlabelled)"),
    ):
        assert main([*command, *map(str, options)]) == 1
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1
        assert not (tmp_path / "run").exists()
    given = [str(picture_folder), "--teacher", str(edge_run), "--crop-mode", "squash"]
    assert main([*command, *given, "--input-size", "48"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.endswith(
        "no unlabelled picture is left: all are labelled or cannot be read; add pictures"
    )

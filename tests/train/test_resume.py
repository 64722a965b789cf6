"""Trainings that are cut short, and go on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pocketlens.cli import main

pytest.importorskip("keras")
pytest.importorskip("sklearn")

from pocketlens_train.checkpoint import Checkpoint

OPTIONS = ["--arch", "tutorial", "--input-size", "32", "--color-mode", "rgb", "--batch-size", "8"]
LONG = ["--epochs", "500"]
EDGE = [
    "--arch",
    "edge",
    "--folds",
    "1",
    "--input-size",
    "40",
    "--batch-size",
    "16",
    "--epochs",
    "5",
]


def cut_short(folder: Path, run: Path, how: signal.Signals) -> tuple[int, str]:
    """Starts a training and signals its process in the third epoch."""
    script = Path(sys.executable).with_name("pocketlens")
    command: list[str | Path] = [script, "train", folder, "--out", run, *OPTIONS, *LONG]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        next(line for line in process.stdout if line.startswith("Epoch 3/"))
        process.send_signal(how)
        error = process.stderr.read()
    return process.returncode, error


def train(folder: Path, run: Path, *options: str) -> int:
    return main(["train", str(folder), "--out", str(run), *options])


def history(run: Path) -> dict[str, Sequence[float]]:
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    return dict(record["metadata"]["history"])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_run_that_was_cut_short(
    how: signal.Signals, picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    status, error = cut_short(picture_folder, run, how)
    if how == signal.SIGINT:
        assert status == 130
        assert "stopping after this step" in error
        assert "--resume goes on from what is done\npocketlens: interrupted\n" in error
        assert [file.name for file in run.iterdir()] == ["checkpoint.npz"]
    else:
        assert status == -how
    assert not (run / "model.keras").exists()

    assert train(picture_folder, run, *OPTIONS, *LONG) == 1
    assert "holds a training that was cut short; --resume goes on" in capsys.readouterr().err
    assert train(picture_folder, run, *OPTIONS, *LONG, "--resume", "--seed", "3") == 1
    error = capsys.readouterr().err
    assert (
        "was started with different settings (--seed was 42, is 3); --resume needs the same"
        in error
    )
    left = {file.name for file in run.iterdir()}
    assert train(picture_folder, run, *OPTIONS, "--epochs", "9", "--batch-size", "4", "--resume")
    assert "--epochs was 500, is 9; --batch-size was 8, is 4" in capsys.readouterr().err
    assert {file.name for file in run.iterdir()} == left


@pytest.mark.usefixtures("small_edge")
def test_resumed_run_is_as_a_whole_one(picture_folder: Path, tmp_path: Path) -> None:
    """With averaged weights, a schedule, crops, and an optimizer that remembers."""
    run, whole = tmp_path / "run", tmp_path / "whole"

    def interrupt(self: Checkpoint, epoch: int, logs: object = None) -> None:
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "on_epoch_begin", interrupt)
        assert train(picture_folder, run, *EDGE) == 130
    # What a killed run leaves, too.
    (run / "pictures.npy").write_bytes(b"half-written")
    assert json.loads(str(np.load(run / "checkpoint.npz")["state"]))["history"]["loss"][1:]
    assert train(picture_folder, run, *EDGE, "--resume") == 0
    assert train(picture_folder, whole, *EDGE) == 0
    resumed, expected = history(run), history(whole)
    assert len(expected["loss"]) == 5
    for name in ("loss", "val_loss"):
        assert resumed[name] == pytest.approx(expected[name], rel=0.02), name
    left = {file.name for file in run.iterdir()}
    assert left == {file.name for file in whole.iterdir()}
    assert "checkpoint.npz" not in left
    before = (run / "record.json").read_bytes()
    assert train(picture_folder, run, *EDGE, "--resume") == 0
    assert (run / "record.json").read_bytes() == before, "there was nothing left to do"


def test_resume_with_nothing_to_resume_begins(picture_folder: Path, tmp_path: Path) -> None:
    assert train(picture_folder, tmp_path / "run", *OPTIONS, "--epochs", "1", "--resume") == 0


def test_damaged_checkpoint_is_one_line(
    picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.npz").write_bytes(b"no archive")
    assert train(picture_folder, tmp_path / "run", *OPTIONS, "--resume") == 1
    error = capsys.readouterr().err
    assert (
        "cannot be read (no .npz file of pocketlens, or damaged); remove it to start again" in error
    )


def test_loss_that_is_no_number(
    picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(picture_folder, tmp_path / "run", *OPTIONS, "--learning-rate", "1e30") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "the loss became nan at step " in error
    assert "of epoch 1; nothing is kept yet; try a smaller --learning-rate" in error
    assert not (tmp_path / "run").exists()

"""Many pictures: the whole network is trained, from a linear head on frozen features of some."""

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketlens.cli import main
from pocketlens.run_folder import read_run

keras = pytest.importorskip("keras")
for library in ("sklearn", "matplotlib", "tqdm"):
    pytest.importorskip(library)

from pocketlens.learning import linear_head
from pocketlens_train import head_start

OPTIONS = ["--arch", "edge", "--input-size", "40", "--batch-size", "16", "--crop-mode", "squash"]


@pytest.mark.usefixtures("small_edge")
@pytest.mark.parametrize("outliers", [False, True])
def test_head_is_kept_where_no_epoch_is_better(
    outliers: bool,
    picture_folder: Path,
    outlier_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["train", str(picture_folder), "--out", str(tmp_path / "run"), *OPTIONS]
    command += ["--epochs", "2", "--learning-rate", "1e-12"]
    command += ["--outliers", str(outlier_folder)] if outliers else []
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "a linear head on frozen features, then the whole network, up to 2 epochs" in out
    assert "linear head on frozen features: right for " in out
    assert "no epoch did better: the frozen network with its head is kept" in out
    metadata = read_run(tmp_path / "run").metadata
    assert metadata.metrics.accuracy > 0.8, "the start weights of the head know nothing"
    assert metadata.training.head_first.tuned_share == 0
    assert metadata.training.head_first.folds == 0
    assert len(metadata.history["val_loss"]) == 2
    assert dict(metadata.training.rows())["head first"].startswith("frozen features, strength 0.01")


@pytest.mark.usefixtures("small_edge")
def test_epoch_that_is_better_is_kept(
    picture_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A head that knows nothing stands in for one that does not suit the pictures."""
    fitted = linear_head.fit_head

    def knows_nothing(*about: object) -> object:
        head = fitted(*about)  # type: ignore[arg-type]
        head.kernel[:] = 0
        head.bias[:] = [9, 0, 0]
        return head

    monkeypatch.setattr(head_start, "fit_head", knows_nothing)
    command = ["train", str(picture_folder), "--out", str(tmp_path / "run"), *OPTIONS]
    assert main([*command, "--epochs", "6", "--learning-rate", "0.02"]) == 0
    assert "no epoch did better" not in capsys.readouterr().out
    training = read_run(tmp_path / "run").metadata.training
    assert training.head_first.tuned_share == 1
    assert dict(training.rows())["head first"].startswith("all blocks trained from it")


def test_pictures_are_drawn_in_proportion_but_some_of_each_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(head_start, "_MOST", 200)
    targets = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [3000, 1000, 8, 2]))
    counts = np.bincount(targets)
    drawn = head_start._draw(targets, counts, seed=1)
    assert np.bincount(targets[drawn]).tolist() == [150, 50, 5, 2]
    assert len(set(drawn)) == len(drawn)
    assert (drawn == head_start._draw(targets, counts, seed=1)).all()
    assert (drawn[:20] != head_start._draw(targets, counts, seed=2)[:20]).any()
    few = np.repeat([0, 1], 9)
    assert (head_start._draw(few, np.bincount(few), seed=1) == np.arange(18)).all()

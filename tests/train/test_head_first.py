"""A small folder: a head on frozen features, the last blocks from it, each picture tested once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")

from pocketlens.cli import main
from pocketlens.run_folder import read_run
from pocketlens_train.head_first import choose_shares
from pocketlens_train.head_first_course import Fold
from pocketlens_train.head_first_task import Task
from pocketlens_train.recipe import Augmentation, TailRecipe
from pocketlens_train.tail import Tail

OPTIONS = ["--input-size", "32", "--folds", "3", "--crop-mode", "squash"]
_CROPS = Augmentation(1.0, 0.5, (0.8, 1.2), 0.0)


@pytest.fixture(autouse=True)
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for lite0, with the layers that a training head first goes by."""

    def build(input_shape: tuple[int, int, int], num_outputs: int) -> Any:
        image = keras.Input(input_shape, name="image", dtype="uint8")
        x = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(image)
        x = keras.layers.Conv2D(8, 5, strides=8, padding="same")(x)
        x = keras.layers.Conv2D(16, 1, name="b1_expand")(x)
        x = keras.layers.ReLU(6)(keras.layers.BatchNormalization()(x))
        x = keras.layers.Identity(name="bottleneck")(x)
        x = keras.layers.ReLU(6, name="feature_map")(keras.layers.Conv2D(32, 1)(x))
        x = keras.layers.Conv2D(num_outputs, 1, name="activation_map")(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.Model(image, keras.layers.Softmax(name="probabilities")(x))

    lite0 = "pocketlens_train.architectures.lite0"
    monkeypatch.setattr(f"{lite0}.build", build)
    monkeypatch.setattr(f"{lite0}.TAIL", TailRecipe(1, 2, 8, 1e-3, 0.02, 0.1, 2, _CROPS))
    monkeypatch.setattr("pocketlens_train.plots.write_plots", lambda *about: None)
    monkeypatch.setattr("pocketlens_train.train.write_report", lambda *about: None)


def train(folder: Path, run: Path, *options: str) -> int:
    return main(["train", str(folder), "--out", str(run), *OPTIONS, *options])


def test_every_picture_is_learnt_from_and_tested_once(
    picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(picture_folder, tmp_path / "run") == 0
    out = capsys.readouterr().out
    assert "linear head on frozen features: right for " in out
    assert out.index("linear head on frozen") < out.index("fine-tuned from it: right for ")
    assert {file.name for file in (tmp_path / "run").iterdir()} == {
        *("model.keras", "held-out.keras", "out-of-fold.npz", "record.json")
    }
    run = read_run(tmp_path / "run")
    metadata = run.metadata
    assert metadata.metrics
    assert metadata.metrics.accuracy > 0.8
    assert metadata.training
    assert metadata.training.head_first
    assert metadata.training.head_first.folds == 3
    assert f"frozen features: right for {metadata.training.head_first.frozen_accuracy:.2%}" in out
    assert metadata.training.seconds is not None
    count = metadata.metrics.images
    assert count == len(run.split["train"]) == sum(metadata.data.images.values())  # type: ignore[union-attr]
    assert run.out_of_fold
    assert run.out_of_fold.logits.shape == (count, 3)
    assert run.out_of_fold.familiarity is not None
    assert len(run.out_of_fold.familiarity) == count
    assert set(run.split["test"]) < set(run.split["train"])
    assert len(metadata.history["val_loss"]) == 2
    truth = run.classes(run.split["train"])
    right = (run.out_of_fold.logits.argmax(axis=1) == truth).mean()
    assert right == pytest.approx(metadata.metrics.accuracy)


def test_answers_of_a_larger_network_s_head_are_learnt_too(
    picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = []
    fit = Tail.fit

    def note(self: Tail, kept: Any, answers: Any, *about: Any, **more: Any) -> Any:
        targets.append(answers)
        return fit(self, kept, answers, *about, **more)

    monkeypatch.setattr(Tail, "fit", note)
    monkeypatch.setattr(
        "pocketlens_train.architectures.lite0.TAIL",
        TailRecipe(1, 1, 8, 1e-3, 0.02, 0.1, 2, _CROPS, head_teacher="lite0"),
    )
    assert train(picture_folder, tmp_path / "run", "--class-weights", "none") == 0
    # Each fold has a teacher of its own, which has not seen the fold.
    assert not np.array_equal(targets[0], targets[1])
    classes = targets[0].argmax(axis=1)
    labelled = targets[0][np.arange(len(classes)), classes]
    assert np.allclose(targets[0].sum(axis=1), 1)
    assert len(np.unique(labelled)) > len(classes) // 2
    training = read_run(tmp_path / "run").metadata.training
    assert training
    assert training.head_first
    assert training.head_first.teacher == ("lite0" if training.head_first.tuned_share else None)


def test_share_that_is_right_but_unsure_is_chosen() -> None:
    targets = np.arange(40) % 2
    task = Task(targets, np.arange(40) % 4, np.ones(2), np.arange(40))
    folds = []
    for fold in range(4):
        truth = np.eye(2, dtype=np.float32)[targets[task.split(fold)[1]]]
        sure = 2 * truth
        sure[:2] = sure[:2, ::-1]
        folds.append(Fold([], {}, [sure, *[0.1 * truth] * 4]))
    assert choose_shares(task, folds) == (1, [1, 1, 1, 1])
    folds[0].answers[0][:] = 9 * np.eye(2)[targets[task.split(0)[1]]]
    assert choose_shares(task, folds[:1]) == (0, [0])


def test_held_out_network_has_not_learnt_from_the_test_pictures(
    picture_folder: Path, tmp_path: Path
) -> None:
    assert train(picture_folder, tmp_path / "run", "--epochs", "1") == 0
    run = read_run(tmp_path / "run")
    assert run.held_out
    learnt, _ = run.pictures("train", without="test")
    tested, _ = run.pictures("test")
    assert not set(learnt) & set(tested)
    assert len(learnt) + len(tested) == len(run.split["train"])
    whole, held_out = (keras.saving.load_model(each) for each in (run.model, run.held_out))
    assert whole.input_shape == held_out.input_shape == (None, 32, 32, 3)
    pairs = zip(whole.get_weights(), held_out.get_weights(), strict=True)
    assert any((a != b).any() for a, b in pairs)


def test_killed_run_is_usable_and_goes_on_from_the_last_fold(
    picture_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, fits = tmp_path / "run", []
    fit = Tail.fit

    def fit_twice(self: Tail, *about: Any, **more: Any) -> Any:
        fits.append(about)
        if len(fits) == 3:
            raise KeyboardInterrupt
        return fit(self, *about, **more)

    monkeypatch.setattr(Tail, "fit", fit_twice)
    assert train(picture_folder, run) == 130
    assert "--resume goes on" in capsys.readouterr().err
    assert read_run(run).metadata.training.head_first.tuned_share == 0  # type: ignore[union-attr]
    assert train(picture_folder, run) == 1
    assert "--resume goes on with it" in capsys.readouterr().err
    assert train(picture_folder, run, "--seed", "3", "--resume") == 1
    assert "--seed was 42, is 3" in capsys.readouterr().err
    assert train(picture_folder, run, "--resume") == 0
    whole = tmp_path / "whole"
    resumed = len(fits)
    assert train(picture_folder, whole) == 0
    assert resumed == 3 + (len(fits) - resumed) - 2, "two folds were not fitted again"
    pair = [read_run(each).out_of_fold for each in (run, whole)]
    assert pair[0]
    assert pair[1]
    assert np.allclose(pair[0].logits, pair[1].logits, atol=1e-3)
    assert train(picture_folder, run, "--resume") == 0, "there was nothing left to do"


def test_fold_of_other_pictures_is_fitted_anew(
    picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resumed with --keep-repeats, which puts other pictures into the folds."""
    from pocketlens_train import head_first_task

    fits: list[tuple[Any, Any]] = []
    fit = Tail.fit

    def fit_once(self: Tail, kept: Any, targets: Any, learnt: Any, *about: Any, **more: Any) -> Any:
        fits.append((learnt, about[0]))
        if len(fits) == 2:
            raise KeyboardInterrupt
        return fit(self, kept, targets, learnt, *about, **more)

    monkeypatch.setattr(Tail, "fit", fit_once)
    pairs = np.arange(96) // 2
    monkeypatch.setattr(head_first_task, "merge_repeats", lambda *about: pairs)
    assert train(picture_folder, tmp_path / "run") == 130
    assert train(picture_folder, tmp_path / "run", "--resume", "--keep-repeats") == 0
    folds = [set(tested) for _, tested in fits[2:5]]
    assert set.union(*folds) == set(range(96))
    assert sum(map(len, folds)) == 96


def test_test_folder_of_its_own(picture_folder: Path, tmp_path: Path) -> None:
    from shutil import copytree

    other = tmp_path / "test"
    copytree(picture_folder, other)
    options = ["--test", str(other), "--keep-repeats"]
    assert train(picture_folder, tmp_path / "run", *options) == 0
    run = read_run(tmp_path / "run")
    assert run.held_out is None
    assert run.out_of_fold
    assert run.test_folder == other.resolve()


@pytest.mark.parametrize("outliers", [False, True])
def test_held_out_part_goes_head_first_and_is_not_fitted_twice(
    outliers: bool,
    picture_folder: Path,
    outlier_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fits = []
    fit = Tail.fit

    def noted(
        self: Tail, kept: Any, targets: Any, learnt: Any, tested: Any, *more: Any, **k: Any
    ) -> Any:
        fits.append((learnt, tested))
        return fit(self, kept, targets, learnt, tested, *more, **k)

    monkeypatch.setattr(Tail, "fit", noted)
    options = ["--folds", "1", *(["--outliers", str(outlier_folder)] if outliers else [])]
    assert train(picture_folder, tmp_path / "run", *options) == 0
    out = capsys.readouterr().out
    assert "chosen by validation pictures" in out
    assert "in a fold of its own" not in out
    assert "which are those to validate" not in out
    run = read_run(tmp_path / "run")
    sizes = {part: len(files) for part, files in run.split.items()}
    assert sizes == {"train": 60, "validation": 7, "test": 29}
    assert len({name for files in run.split.values() for name in files}) == 96
    ((learnt, tested),) = fits
    assert len(learnt) == 60 + 16 * outliers
    assert len(tested) == 7
    assert not set(learnt) & set(tested)
    assert run.held_out is None
    assert run.out_of_fold is None
    metadata = run.metadata
    assert metadata.metrics
    assert metadata.metrics.images == 29
    assert metadata.metrics.accuracy > 0.7
    assert metadata.training
    assert metadata.training.head_first
    assert metadata.training.head_first.folds == 1
    assert dict(metadata.training.rows())["folds"] == "none, a part was held out"
    assert keras.saving.load_model(run.model).output_shape == (None, 3 + outliers)


def test_validation_folder_goes_head_first_and_resumes(
    picture_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from shutil import copytree

    validation, run = tmp_path / "validation", tmp_path / "run"
    copytree(picture_folder, validation)
    options = ["--folds", "1", "--validation", str(validation), "--keep-repeats"]

    def stop(self: Tail, *about: Any, **more: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Tail, "fit", stop)
        assert train(picture_folder, run, *options) == 130
    assert read_run(run).metadata.training.head_first.tuned_share == 0  # type: ignore[union-attr]
    capsys.readouterr()
    assert train(picture_folder, run, "--folds", "1", "--resume") == 1
    assert "other --validation, or none" in capsys.readouterr().err
    assert train(picture_folder, run, *options, "--resume") == 0
    out = capsys.readouterr().out
    assert "which are those to validate" in out
    assert "the figures are of the validation pictures, by which" in out
    found = read_run(run)
    assert len(found.split["train"]) == 96
    assert found.test_folder == found.validation_folder == validation
    assert len(found.pictures("validation")[0]) == 96
    assert {file.name for file in run.iterdir()} == {"model.keras", "answers.npz", "record.json"}


@pytest.mark.parametrize("folds", ["1", "3"])
def test_loss_that_is_no_number(
    folds: str, picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The frozen head that was published before stays, and training goes on from there."""
    run = tmp_path / "run"
    assert train(picture_folder, run, "--folds", folds, "--learning-rate", "1e30") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "the loss became nan" in error
    assert "try a smaller --learning-rate" in error
    assert read_run(run).metadata.training.head_first.tuned_share == 0  # type: ignore[union-attr]
    assert train(picture_folder, run, "--folds", folds, "--resume") == 0


@pytest.mark.parametrize(("count", "folds"), [(3, "1"), (3, None), (2, "5")])
def test_few_pictures_a_class(
    count: int,
    folds: str | None,
    picture_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    few = tmp_path / "few"
    for file in picture_folder.glob("*/0*.jpg"):
        if int(file.stem) < count:
            (few / file.parent.name).mkdir(parents=True, exist_ok=True)
            (few / file.parent.name / file.name).write_bytes(file.read_bytes())
    command = ["train", str(few), "--out", str(tmp_path / "run"), "--input-size", "32"]
    status = main([*command, *(["--folds", folds] if folds else [])])
    captured = capsys.readouterr()
    if folds == "1":
        assert status == 1
        assert captured.err.splitlines()[-1].endswith(
            "expected one or more of each class on both sides; add pictures or try "
            "--validation-split 0.5"
        )
        assert not (tmp_path / "run").exists()
    else:
        assert status == 0
        assert f"of {3 * count} test pictures" in captured.out


def test_pictures_that_are_all_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import cv2

    for number in range(20):
        folder = tmp_path / "photos" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        black = np.zeros((36, 36 + number, 3), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), black)
    options = ["--folds", "2", "--keep-repeats"]
    assert train(tmp_path / "photos", tmp_path / "run", *options) == 0
    assert "no better than chance" in capsys.readouterr().out


def test_labels_at_random(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import cv2

    random = np.random.default_rng(0)
    for number in range(60):
        folder = tmp_path / "photos" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        noise = random.integers(0, 256, (36, 36, 3), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), noise)
    assert train(tmp_path / "photos", tmp_path / "run") == 0
    assert "no better than chance" in capsys.readouterr().out


def test_class_of_one_picture(
    picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from shutil import copytree, rmtree

    few = tmp_path / "few"
    copytree(picture_folder, few)
    single = sorted((few / "red").iterdir())[0].read_bytes()
    rmtree(few / "red")
    (few / "red").mkdir()
    (few / "red" / "only.png").write_bytes(single)
    assert train(few, tmp_path / "run") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "class 'red' has 1 usable picture, expected two" in error
    assert not (tmp_path / "run").exists()


def test_record_of_a_run_head_first_reads_again(picture_folder: Path, tmp_path: Path) -> None:
    assert train(picture_folder, tmp_path / "run", "--class-weights", "balanced") == 0
    record = json.loads((tmp_path / "run" / "record.json").read_text(encoding="utf-8"))
    told = record["metadata"]["training"]["head_first"]
    assert told["class_weights"] == "balanced"
    rows = dict(read_run(tmp_path / "run").metadata.training.rows())  # type: ignore[union-attr]
    assert rows["folds"].startswith("3;")

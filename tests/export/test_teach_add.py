"""`pocketlens teach --add`: more pictures, or a class more, for a taught file."""

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pocketlens
from builders import paint
from pocketlens.cli import main
from pocketlens.loading import BUNDLED_MODEL
from pocketlens.tools.selftest import selftest

pytest.importorskip("sklearn")
onnx = pytest.importorskip("onnx")

from pocketlens.calibration.gaussians import fit_gaussians, widen_gaussians
from pocketlens_export.teach import kept_features
from pocketlens_export.teach.kept_features import KeptFeatures, encode, even_sample, read_kept


def add(folder: Path, model: Path, out: Path, *options: str) -> int:
    return main(["teach", "--add", str(folder), str(model), "--out", str(out), *options])


def test_one_picture_more(
    taught_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more, out = paint(tmp_path / "more", "red", 1, first=20), tmp_path / "new.onnx"
    assert add(more, taught_model, out) == 0
    assert "reading 1 picture of 1 class\n" in capsys.readouterr().out
    before, after = (pocketlens.load_model(file) for file in (taught_model, out))
    assert after.labels == before.labels
    metadata = after.metadata
    assert metadata.data.images == {"green": 8, "red": 9}
    assert metadata.metrics.images == 17
    assert metadata.metrics.accuracy > 0.9
    assert metadata.training.taught.kept == 17
    assert metadata.training.commands() == [
        "pocketlens teach two --out two.onnx",
        "pocketlens teach --add more two.onnx --out new.onnx",
    ]
    assert metadata.familiarity.validation_images == 17
    assert all(check.passed for check in selftest(after, out.read_bytes()))
    pictures = sorted((more / "red").iterdir())
    assert after.predict(pictures)[0].label == "red"
    assert not after.predict(pictures)[0].rejected


def test_class_more_comes_last_and_is_known(
    taught_model: Path, painted_folder: Path, tmp_path: Path
) -> None:
    more, out = paint(tmp_path / "more", "blue", 6), tmp_path / "new.onnx"
    assert pocketlens.load_model(taught_model).predict(more / "blue" / "0.png").rejected
    assert add(more, taught_model, out) == 0
    model = pocketlens.load_model(out)
    assert model.labels == ("green", "red", "blue")
    assert model.metadata.metrics.images == 22
    for label in model.labels:
        answers = model.predict(sorted((painted_folder / label).iterdir())[:6])
        assert [answer.label for answer in answers] == [label] * 6
        assert sum(bool(answer.rejected) for answer in answers) <= 1


def test_what_is_added_in_turns_is_as_good_as_at_once(
    painted_folder: Path, taught_model: Path, tmp_path: Path
) -> None:
    turns, once = tmp_path / "turns.onnx", tmp_path / "once.onnx"
    turns.write_bytes(taught_model.read_bytes())
    for number in range(0, 8, 2):
        more = paint(tmp_path / f"more-{number}", "blue", 2, first=number)
        assert add(more, turns, turns) == 0
    assert main(["teach", str(painted_folder), "--out", str(once)]) == 0
    unseen = sorted((paint(tmp_path / "unseen", "blue", 4, first=50) / "blue").iterdir())
    for file in (turns, once):
        answers = pocketlens.load_model(file).predict(unseen)
        assert [answer.label for answer in answers] == ["blue"] * 4
    losses = [pocketlens.load_model(file).metadata.metrics.log_loss for file in (turns, once)]
    assert losses[0] == pytest.approx(losses[1], abs=0.1)


def test_file_with_a_sample_is_added_to(
    taught_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_features, "MOST", 10)
    file = tmp_path / "m.onnx"
    file.write_bytes(taught_model.read_bytes())
    for number in (20, 21):
        more = paint(tmp_path / str(number), "red", 1, first=number)
        assert add(more, file, file) == 0
    metadata = pocketlens.load_model(file).metadata
    assert metadata.data.images == {"green": 8, "red": 10}
    assert metadata.training.taught.kept == 10
    assert metadata.metrics.images == 11, "those that were kept, and the new one"


def test_nothing_new(
    taught_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = paint(tmp_path / "again", "red", 2)
    (again / "red").rename(again / "green")
    assert add(again, taught_model, tmp_path / "new.onnx") == 1
    error = capsys.readouterr().err
    assert "left out: green/0.png: is in the file already, as 'red'" in error
    assert "holds no picture that the file has not learnt from" in error
    assert [path.name for path in tmp_path.iterdir()] == ["again"]


def test_new_class_of_which_nothing_is_new(
    taught_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its Gaussian would be of no picture."""
    more = paint(tmp_path / "more", "red", 1, first=20)
    (paint(tmp_path / "again", "red", 1) / "red").rename(more / "cup")
    assert add(more, taught_model, tmp_path / "new.onnx") == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.endswith(
        "more: no picture can be used of cup; add pictures of it, or take its folder away"
    )
    assert not (tmp_path / "new.onnx").exists()


def test_folder_that_is_split_is_refused_with_the_command(
    taught_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("train", "test"):
        paint(tmp_path / "more" / part, "red", 1)
    assert add(tmp_path / "more", taught_model, tmp_path / "new.onnx") == 1
    command = f"run: pocketlens teach --add {tmp_path}/more/train MODEL.onnx --out FILE.onnx"
    assert command in capsys.readouterr().err


def test_trained_file_cannot_be_added_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = paint(tmp_path / "more", "red", 1)
    assert add(more, BUNDLED_MODEL, tmp_path / "new.onnx") == 1
    error = capsys.readouterr().err
    assert "cats-and-dogs.onnx: it was trained, not taught" in error
    assert "run `pocketlens teach FOLDER --out FILE.onnx`, or train again" in error
    assert "Traceback" not in error


def test_settings_of_the_file_hold(
    taught_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = paint(tmp_path / "more", "red", 1, first=20)
    assert add(more, taught_model, tmp_path / "new.onnx", "--seed", "1") == 1
    assert "--seed: with --add the file's own holds" in capsys.readouterr().err


def test_damaged_features_are_one_error(
    taught_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(taught_model)
    kept = next(each for each in model.graph.initializer if each.name == "taught_features")
    kept.CopyFrom(onnx.numpy_helper.from_array(np.zeros(9, np.uint8), kept.name))
    onnx.save(model, tmp_path / "m.onnx")
    more = paint(tmp_path / "more", "red", 1, first=20)
    assert add(more, tmp_path / "m.onnx", tmp_path / "new.onnx") == 1
    assert "m.onnx: the features that it carries cannot be read" in capsys.readouterr().err


def kept_of(counts: list[int]) -> KeptFeatures:
    targets = np.repeat(np.arange(len(counts)), counts)
    total = len(targets)
    random = np.random.default_rng(0)
    return KeptFeatures(
        codes=random.integers(0, 4, (5, total), np.uint8),
        scales=np.arange(1, 6, dtype=np.float32),
        targets=targets,
        groups=np.arange(total),
        digests=np.arange(total, dtype=np.uint64),
        familiarity=np.zeros(total, np.float32),
    )


def test_kept_features_survive_the_file() -> None:
    kept = kept_of([3, 4])
    model = onnx.ModelProto()
    kept.put_into(model)
    found = read_kept(model)
    for name, value in vars(kept).items():
        np.testing.assert_array_equal(getattr(found, name), value)
    np.testing.assert_array_equal(encode(found.features, found.scales), kept.codes)


def test_of_many_pictures_an_even_sample_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_features, "MOST", 20)
    sample = even_sample(kept_of([50, 3, 50]))
    assert np.bincount(sample.targets).tolist() == [8, 3, 8]
    assert sample.codes.shape == (5, 19)
    assert sample.digests[-1] == 102, "from the first to the last"
    whole = kept_of([10, 10])
    assert even_sample(whole) is whole


def test_widened_gaussians_are_those_of_all_pictures() -> None:
    random = np.random.default_rng(0)
    truth = np.repeat([0, 1], 3000)
    features = random.normal(size=(6000, 4)) @ random.normal(size=(4, 4))
    features = (features + 10 * truth[:, None]).astype(np.float32)
    more = (random.normal(size=(40, 4)) - 20).astype(np.float32)
    widened = widen_gaussians(
        fit_gaussians(features, truth), np.array([3000, 3000, 0]), more, np.full(40, 2)
    )
    every, classes = np.concatenate([features, more]), np.append(truth, np.full(40, 2))
    expected = fit_gaussians(every, classes)
    points = every[::100]
    got, right = (np.asarray(each.distance(points)) for each in (widened, expected))
    np.testing.assert_allclose(got, right, rtol=0.05, atol=0.1)

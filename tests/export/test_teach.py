"""`pocketlens teach`: a file like an exported one, without TensorFlow."""

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pocketlens
from builders import paint, plain
from pocketlens.cli import main
from pocketlens.metadata import Metadata
from pocketlens.tools.selftest import selftest

pytest.importorskip("sklearn")
pytest.importorskip("onnx")


def test_taught_file_is_like_an_exported_one(taught_model: Path) -> None:
    model = pocketlens.load_model(taught_model)
    assert model.labels == ("green", "red")
    metadata = model.metadata
    assert metadata.metrics.images == 16
    assert metadata.metrics.accuracy > 0.9
    assert metadata.calibration.validation_images == 16
    assert metadata.familiarity.validation_images == 16
    assert metadata.data.images == {"green": 8, "red": 8}
    assert metadata.training.commands() == ["pocketlens teach two --out two.onnx"]
    assert metadata.training.taught.kept == 16
    assert metadata.training.head_first.folds == 5
    assert all(check.passed for check in selftest(model, taught_model.read_bytes()))
    assert model.predict(plain(200, 40, 40)).label == "red"
    assert taught_model.stat().st_size < 4e6
    assert Metadata.from_json(metadata.to_json()) == metadata


def test_activation_map_has_the_logits_as_its_mean(
    taught_model: Path, painted_folder: Path
) -> None:
    model = pocketlens.load_model(taught_model)
    answer = model.predict(painted_folder / "red" / "0.png", explain=True)
    places: Any = answer.activation_map
    assert places.shape == (7, 7, 2)
    green, red = places.mean(axis=(0, 1)) / model.metadata.calibration.temperature
    expected = np.log(answer.scores["red"] / answer.scores["green"])
    assert red - green == pytest.approx(expected, abs=1e-3)


def test_pictures_of_no_class_are_rejected(taught_model: Path, painted_folder: Path) -> None:
    model = pocketlens.load_model(taught_model)
    checkers: Any = (np.indices((64, 64)).sum(axis=0) // 4 % 2 * 255).astype(np.uint8)
    assert model.predict(checkers).rejected
    known = model.predict(sorted((painted_folder / "red").iterdir()))
    assert sum(bool(answer.rejected) for answer in known) <= 1


@pytest.mark.parametrize("command", ["info", "card", "selftest"])
def test_other_commands_take_it(
    command: str, taught_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(taught_model)]) == 0
    shown = capsys.readouterr().out
    if command != "selftest":
        assert "lite0, int8" in shown
        assert "on the frozen features lite0" in shown
        assert "pocketlens teach two --out two.onnx" in shown
        assert "batch_size" not in shown


def test_terminal_says_how_good_it_is(
    painted_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["teach", str(painted_folder), "--out", str(tmp_path / "m.onnx")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "reading 24 pictures of 3 classes"
    starts = [line.split(":")[0] for line in lines]
    assert starts[starts.index("report") + 1 :][:4] == [
        "balanced accuracy",
        "majority's share",
        "weakest class",
        "calibration error",
    ]
    assert (tmp_path / "m.html").stat().st_size > 10_000
    assert lines[-2].startswith("right for ")
    assert "of 24 test pictures (95 % interval" in lines[-2]


def test_same_pictures_same_file(painted_folder: Path, tmp_path: Path) -> None:
    answers = []
    for name in ("a", "b"):
        out = tmp_path / f"{name}.onnx"
        assert main(["teach", str(painted_folder), "--out", str(out), "--seed", "7"]) == 0
        answers.append(pocketlens.load_model(out).predict(painted_folder / "blue" / "0.png").scores)
    assert answers[0] == answers[1]


def test_no_training_library_is_imported(painted_folder: Path, tmp_path: Path) -> None:
    command = ["teach", str(painted_folder), "--out", str(tmp_path / "m.onnx")]
    code = (
        "import sys\nfrom pocketlens.cli import main\n"
        f"status = main({command})\n"
        "print(status, *{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    status, *loaded = done.stdout.splitlines()[-1].split()
    assert status == "0"
    assert "onnxruntime" in loaded
    assert not {"tensorflow", "keras", "tf2onnx", "torch", "tqdm"} & set(loaded)


def refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["teach", *command]) == 1
    return capsys.readouterr().err


def test_excluded_pictures_are_not_learnt(
    painted_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted((painted_folder / "red").iterdir())[:3]
    excluded = tmp_path / "list.txt"
    excluded.write_text("".join(f"red/{file.name}\n" for file in files))
    out = tmp_path / "m.onnx"
    command = ["teach", str(painted_folder), "--out", str(out), "--exclude-list", str(excluded)]
    assert main(command) == 0
    assert "3 excluded by list.txt" in capsys.readouterr().err
    metadata = pocketlens.load_model(out).metadata
    assert metadata.data
    assert metadata.data.images["red"] == 5
    assert metadata.training
    assert "--exclude-list list.txt" in metadata.training.command


def test_one_class_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = paint(tmp_path / "f", "red", 3)
    error = refused([str(folder), "--out", str(tmp_path / "m.onnx")], capsys)
    assert "has 1 sub-folder(s) (red), expected one for each of two or more classes" in error
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_class_of_one_picture_is_taught_without_a_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = paint(paint(paint(tmp_path / "f", "red", 4), "green", 2), "blue", 1)
    out = tmp_path / "m.onnx"
    assert main(["teach", str(folder), "--out", str(out)]) == 0
    assert "no figure for blue: expected two or more pictures of each" in capsys.readouterr().err
    model = pocketlens.load_model(out)
    assert model.labels == ("blue", "green", "red")
    assert model.metadata.metrics.images == 6
    assert model.predict(folder / "blue" / "0.png").label == "blue"


def test_one_picture_of_each_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = paint(paint(tmp_path / "f", "red", 1), "green", 1)
    out = tmp_path / "m.onnx"
    assert main(["teach", str(folder), "--out", str(out)]) == 0
    assert "no figure: expected two or more pictures of a class" in capsys.readouterr().out
    model = pocketlens.load_model(out)
    assert model.metadata.metrics is None
    assert dict(model.metadata.training.rows())["folds"] == "none, no picture was tested"
    answer = model.predict(folder / "red" / "0.png")
    assert answer.label == "red"
    assert answer.score < 0.99


def test_same_picture_in_two_classes_is_used_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = paint(paint(tmp_path / "f", "red", 3), "green", 3)
    (folder / "red" / "twin.png").write_bytes((folder / "green" / "0.png").read_bytes())
    (folder / "red" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    out = tmp_path / "m.onnx"
    assert main(["teach", str(folder), "--out", str(out)]) == 0
    error = capsys.readouterr().err
    assert "left out: red/twin.png: has the same bytes as green/0.png" in error
    assert "left out: red/broken.jpg: " in error
    assert pocketlens.load_model(out).metadata.data.left_out == 2


def test_class_without_a_readable_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = paint(tmp_path / "f", "red", 2)
    (folder / "green").mkdir()
    (folder / "green" / "x.jpg").write_bytes(b"nothing")
    error = refused([str(folder), "--out", str(tmp_path / "m.onnx")], capsys)
    assert "no picture can be used of green" in error
    (folder / "red" / "0.png").write_bytes(b"nothing")
    (folder / "red" / "1.png").write_bytes(b"nothing")
    error = refused([str(folder), "--out", str(tmp_path / "m.onnx")], capsys)
    assert "has no picture among 3 files" in error


def test_markup_as_a_class_name(tmp_path: Path) -> None:
    folder = paint(paint(tmp_path / "f", "red", 2), "green", 2)
    (folder / "red").rename(folder / "<b>*red*")
    assert main(["teach", str(folder), "--out", str(tmp_path / "m.onnx")]) == 0
    assert pocketlens.load_model(tmp_path / "m.onnx").labels == ("<b>*red*", "green")


def test_full_disk_leaves_the_old_file(
    painted_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "m.onnx"
    out.write_text("the file of an earlier time")
    monkeypatch.setattr(Path, "write_bytes", full)
    error = refused([str(painted_folder), "--out", str(out)], capsys)
    assert "m.onnx: cannot be written (No space left on device)" in error
    assert out.read_text() == "the file of an earlier time"
    assert list(tmp_path.iterdir()) == [out]


def test_read_only_target_is_said_before_any_work(
    painted_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.access", lambda *about: False)
    assert main(["teach", str(painted_folder), "--out", str(tmp_path / "m.onnx")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "m.onnx: cannot be written: its folder is read-only; choose" in captured.err


def test_groups_stay_in_one_fold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = paint(paint(tmp_path / "f", "red", 4), "green", 4)
    options = ["--groups", r"/(\d)", "--keep-repeats", "--class-weights", "balanced"]
    assert main(["teach", str(folder), "--out", str(tmp_path / "m.onnx"), *options]) == 0
    training = pocketlens.load_model(tmp_path / "m.onnx").metadata.training
    assert training.head_first.grouped == 4, "a red and a green picture have each number"
    assert training.head_first.class_weights == "balanced"
    error = refused([str(folder), "--out", str(tmp_path / "m.onnx"), "--groups", "frame"], capsys)
    assert "--groups 'frame' matches no picture's name" in error

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from builders import colors_model, encode, plain
from pocketlens.cli import main
from pocketlens.loading import BUNDLED_MODEL, load_model
from pocketlens.metrics import evaluate
from pocketlens.pictures.listing import list_files
from pocketlens.pictures.reading import read_listing

COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


def picture(color: str) -> bytes:
    return encode(plain(*COLORS[color]))


def fill(folder: Path, **classes: str) -> Path:
    """A sub-folder for each class, with a picture of each colour that is named for it."""
    for label, colors in classes.items():
        (folder / label).mkdir(parents=True)
        for number, color in enumerate(colors.split()):
            (folder / label / f"{number}.png").write_bytes(picture(color))
    return folder


@pytest.fixture
def colors(tmp_path: Path) -> Path:
    return fill(tmp_path / "colors", red="red red red blue", green="green red", blue="blue blue")


@pytest.fixture
def command(colors_file: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `evaluate` and gives exit status, stdout and stderr."""

    def run(folder: Path, *options: str, model: Path = colors_file) -> tuple[int, str, str]:
        status = main(["evaluate", str(model), str(folder), *options])
        return status, *capsys.readouterr()

    return run


def test_figures_of_a_folder(colors: Path, command: Any) -> None:
    status, out, err = command(colors, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["confusion_matrix"] == [[3, 0, 1], [1, 1, 0], [0, 0, 2]]
    assert found["pictures"] == 8
    assert found["accuracy"] == 6 / 8
    assert found["balanced_accuracy"] == pytest.approx((0.75 + 0.5 + 1) / 3)
    assert found["majority_share"] == 0.5
    assert [each["label"] for each in found["classes"]] == ["green", "red", "blue"]
    assert {Path(each["file"]).relative_to(colors) for each in found["surest_mistakes"]} == {
        Path("red/3.png"),
        Path("green/1.png"),
    }
    assert found["rejection"] is found["outliers"] is None
    assert found["never_answered"] == found["not_measured"] == found["unreadable"] == []


def test_pictures_that_the_model_was_trained_on(tmp_path: Path, command: Any) -> None:
    folder = fill(tmp_path / "colors", red="red", green="green", blue="blue")
    read = read_listing(list_files(folder), bytes, len, lambda files: files)
    images = {"red": 1, "green": 1, "blue": 1}
    data = {"fingerprint": read.fingerprint, "images": images, "left_out": 0, "split": images}
    model = tmp_path / "model.onnx"
    model.write_bytes(colors_model(data=data))
    assert "was trained on these pictures" in command(folder, model=model)[2]
    (folder / "red" / "0.png").write_bytes(encode(plain(250, 0, 0)))
    assert command(folder, model=model)[2] == ""


def test_the_report_as_text(colors: Path, command: Any) -> None:
    status, out, err = command(colors)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert "test accuracy              75.00% of 8 test pictures" in out
    assert "balanced accuracy          75.00% (95 % interval " in out
    assert "majority's share           50.00%" in out
    assert "log loss" in out
    assert "calibration error" in out
    table = lines.index("per class, the worst first:")
    assert lines[table + 1].split() == ["class", "precision", "recall", "F1", "pictures"]
    assert lines[table + 2].split() == ["green", "100.00%", "50.00%", "66.67%", "2"]
    matrix = lines.index("confusion matrix, rows are the true classes:")
    assert [line.split() for line in lines[matrix + 1 : matrix + 5]] == [
        ["red", "green", "blue"],
        ["red", "3", "0", "1"],
        ["green", "1", "1", "0"],
        ["blue", "0", "0", "2"],
    ]
    assert "red/3.png    blue" in out


def test_figures_are_those_of_the_array_functions(photos: list[Path], tmp_path: Path) -> None:
    """Of the bundled model on photos, some in the wrong folder."""
    folders = ["cat", "cat", "dog", "dog", "cat"]
    model = load_model()
    truth, rows, familiar = [], [], []
    for photo, label in zip(photos, folders, strict=True):
        (tmp_path / "pets" / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, tmp_path / "pets" / label)
        answer = model.predict(photo)
        truth.append(model.labels.index(label))
        rows.append(list(answer.scores.values()))
        familiar.append(answer.familiarity)
    expected = evaluate(np.array(truth), np.array(rows, np.float32))
    report = tmp_path / "report.json"
    assert main(["evaluate", str(BUNDLED_MODEL), str(tmp_path / "pets"), "--out", str(report)]) == 0
    found = json.loads(report.read_text(encoding="utf-8"))
    for name in ("accuracy", "log_loss", "calibration_error"):
        assert found[name] == pytest.approx(getattr(expected, name), abs=1e-6)
    assert found["confusion_matrix"] == [list(row) for row in expected.confusion_matrix]
    assert model.min_familiarity is not None
    rejected = sum(value < model.min_familiarity for value in familiar if value is not None)
    assert found["rejection"]["rejected"] == rejected / 5 > 0
    scores = [each["score"] for each in found["surest_mistakes"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 5 - np.trace(expected.confusion_matrix)


def test_outliers(photos: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pets" / "cat").mkdir(parents=True)
    (tmp_path / "others").mkdir()
    for photo in photos:
        other = "coffee" in photo.name
        shutil.copy(photo, tmp_path / ("others" if other else "pets/cat"))
    command = ["evaluate", str(BUNDLED_MODEL), str(tmp_path / "pets"), "--json"]
    assert main([*command, "--outliers", str(tmp_path / "others")]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)["outliers"]
    assert found["auroc"] == found["outliers_rejected"] == 1
    assert found["test_accepted"] == 1
    assert found["outliers"] == 1
    assert "has no pictures of dog" in captured.err
    (tmp_path / "none").mkdir()
    assert main([*command, "--outliers", str(tmp_path / "none")]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["outliers"] is None
    assert f"{tmp_path}/none: no picture could be read (--outliers)" in captured.err


def test_the_ten_surest_mistakes(command: Any, tmp_path: Path) -> None:
    fill(tmp_path / "few", red="red", green=" ".join(["blue"] * 12))
    _, out, _ = command(tmp_path / "few", "--json")
    files = [Path(each["file"]).name for each in json.loads(out)["surest_mistakes"]]
    assert sorted(files) == sorted(f"{number}.png" for number in (0, 1, 10, 11, *range(2, 8)))


def test_a_folder_may_lack_classes(command: Any, tmp_path: Path) -> None:
    fill(tmp_path / "two", red="red blue", green="red green")
    status, out, err = command(tmp_path / "two", "--json")
    assert status == 0
    assert err == f"pocketlens: note: {tmp_path}/two: has no pictures of blue\n"
    found = json.loads(out)
    assert found["not_measured"] == ["blue"]
    # Blue is wrong, though no picture shows it.
    assert found["accuracy"] == found["balanced_accuracy"] == 0.5
    assert found["confusion_matrix"] == [[1, 0, 1], [1, 1, 0], [0, 0, 0]]
    assert [each["label"] for each in found["classes"]] == ["red", "green"]


def test_classes_that_the_model_does_not_know(command: Any, tmp_path: Path) -> None:
    folder = fill(tmp_path / "four", red="red", green="red", pink="red red blue", grey="blue")
    status, out, err = command(folder)
    assert (status, out) == (1, "")
    assert "the model does not know: grey, pink; the folder lacks: blue" in err
    assert "--common" in err
    status, out, err = command(folder, "--common")
    assert status == 0
    assert "50.00% of 2 test pictures" in out
    assert "left out, not known        grey (1), pink (3) pictures" in out
    assert "not measured               blue: no pictures" in out
    assert "never answered             green" in out
    status, out, _ = command(folder, "--common", "--json")
    assert json.loads(out)["left_out"] == {"grey": 1, "pink": 3}


def test_a_folder_of_other_classes_or_parts(command: Any, tmp_path: Path) -> None:
    status, _, err = command(fill(tmp_path / "other", pink="red", grey="blue"), "--common")
    assert status == 1
    assert "has none of the model's classes (the model does not know: grey, pink;" in err
    for part in ("train", "val", "test"):
        fill(tmp_path / "split" / part, red="red", blue="blue")
    status, _, err = command(tmp_path / "split")
    assert status == 1
    assert f"classes lie one folder deeper, in {tmp_path}/split/test" in err


def test_names_are_compared_as_nfc(tmp_path: Path, command: Any) -> None:
    composed, decomposed = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
    model = tmp_path / "accents.onnx"
    model.write_bytes(colors_model(labels=[composed, "green", "blue"]))
    fill(tmp_path / "set", **{decomposed: "red", "green": "green"})
    status, out, _ = command(tmp_path / "set", "--json", model=model)
    assert status == 0
    assert json.loads(out)["accuracy"] == 1


def test_what_cannot_be_read_is_named_and_counted(colors: Path, command: Any) -> None:
    (colors / "red" / "broken.png").write_bytes(picture("red")[:40])
    (colors / "red" / "notes.txt").write_text("no picture")
    (colors / "readme.txt").write_text("no picture")
    for name in (".hidden", "@eaDir"):
        fill(colors / name, red="red")
        (colors / "green" / name).mkdir()
        (colors / "green" / name / "0.png").write_bytes(picture("red"))
    status, out, err = command(colors, "--json")
    assert status == 1
    found = json.loads(out)
    assert found["pictures"] == 8
    assert [Path(each["file"]).name for each in found["unreadable"]] == ["broken.png"]
    assert f"pocketlens: error: {colors}/red/broken.png: " in err
    assert "answered 8 of 10 files; 1 could not be read; passed over: 4 hidden or system" in err
    assert "1 outside any class folder" in err
    assert "1 non-picture" in err
    assert "not read                   1 picture\n" in command(colors)[1]


def test_classes_without_a_readable_picture(colors: Path, command: Any) -> None:
    shutil.rmtree(colors / "red")
    shutil.rmtree(colors / "blue")
    (colors / "red").mkdir()
    (colors / "blue").mkdir()
    (colors / "blue" / "0.png").write_bytes(b"")
    status, out, _ = command(colors, "--json")
    assert status == 1
    assert json.loads(out)["not_measured"] == ["red", "blue"]
    shutil.rmtree(colors / "green")
    status, out, err = command(colors, "--json")
    assert (status, out) == (1, "")
    assert "no picture of a class of the model could be read" in err


def test_bad_arguments(colors: Path, command: Any, tmp_path: Path) -> None:
    for folder, message in (
        (tmp_path / "missing", "no such folder"),
        (colors / "red" / "0.png", "is a file, expected a folder with one sub-folder per class"),
        (colors / "red", "has no sub-folder, expected one per class"),
    ):
        status, out, err = command(folder)
        assert (status, out) == (1, "")
        assert f"{folder}: {message}" in err
    assert "no such file" in command(colors, model=tmp_path / "no.onnx")[2]
    assert "is a folder" in command(colors, model=tmp_path)[2]
    assert "expected a folder with picture files" in command(colors, "--outliers", "missing")[2]
    status, _, err = command(colors, "--outliers", str(colors / "red"))
    assert status == 1
    assert "this model cannot reject" in err


def test_a_report_is_written_whole_or_not_at_all(
    colors: Path, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.txt"
    status, out, err = command(colors, "--out", str(report))
    assert status == 0
    assert report.read_text(encoding="utf-8") == out
    assert f"written: {report}" in err
    status, out, _ = command(colors, "--json", "--out", str(report))
    assert json.loads(out)["pictures"] == 8
    assert "per class, the worst first:" in report.read_text(encoding="utf-8")
    monkeypatch.setattr("pocketlens.evaluation.measure", None)
    for place in (tmp_path, tmp_path / "no" / "report.txt", Path("/proc/report.txt")):
        status, out, err = command(colors, "--out", str(place))
        assert (status, out) == (1, "")
        assert "expected the name of a file" in err or "cannot be written" in err
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_report_never_replaces_the_model(
    colors: Path, command: Any, tmp_path: Path, colors_file: Path
) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(colors_file.read_bytes())
    (tmp_path / "link").symlink_to(model)
    for place in (model, tmp_path / "link"):
        status, out, err = command(colors, "--out", str(place), model=model)
        assert (status, out) == (1, "")
        assert f"{place}: is the model itself" in err
    assert main(["bench", str(model), "--json", str(model)]) == 1
    assert model.read_bytes() == colors_file.read_bytes()


def test_names_of_any_bytes(colors: Path, command: Any, tmp_path: Path) -> None:
    odd = colors / "red" / os.fsdecode(b"a\xff\n.png")
    odd.write_bytes(picture("blue"))
    report = tmp_path / "report.json"
    status, out, _ = command(colors, "--out", str(report))
    assert status == 0
    assert "red/a\\udcff\\n.png" in out
    files = [each["file"] for each in json.loads(report.read_text())["surest_mistakes"]]
    assert str(odd) in files


def test_many_classes_take_no_matrix(command: Any, tmp_path: Path) -> None:
    from pocketlens.tools import evaluation_report

    fill(tmp_path / "set", red="red blue blue", green="red")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation_report, "_FEW", 2)
        _, out, _ = command(tmp_path / "set")
    assert "confusion matrix" not in out
    table = out.splitlines().index("the most frequent mistakes (at most 2):")
    assert out.splitlines()[table + 2].split() == ["red", "blue", "2", "3"]

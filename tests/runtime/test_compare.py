"""Two models, or two runs, on the same pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from builders import COLORS, colors_model, encode, plain
from pocketlens.cli import main
from pocketlens.comparing.comparison import compare_answers
from pocketlens.comparing.replies import Pair, Reply
from pocketlens.run_folder import ANSWERS, MODEL, Run, write_record

PIXELS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


@pytest.fixture
def colors(tmp_path: Path) -> Path:
    for label, color in PIXELS.items():
        (tmp_path / "colors" / label).mkdir(parents=True)
        for number in range(4):
            red, green, blue = (value * (250 - number) // 255 for value in color)
            picture = encode(plain(red, green, blue))
            (tmp_path / "colors" / label / f"{number}.png").write_bytes(picture)
    return tmp_path / "colors"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """One that is right, and one that takes red for green and green for red."""
    for name, labels in (("good", ["red", "green", "blue"]), ("bad", ["green", "red", "blue"])):
        (tmp_path / f"{name}.onnx").write_bytes(colors_model(labels=labels))
    return [str(tmp_path / "good.onnx"), str(tmp_path / "bad.onnx")]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*options: str) -> tuple[int, str, str]:
        status = main(["compare", *options])
        return status, *capsys.readouterr()

    return run


def test_two_files_on_a_folder(colors: Path, files: list[str], command: Any) -> None:
    status, out, err = command(*files, "--folder", str(colors), "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["names"] == ["good.onnx", "bad.onnx"]
    assert found["pictures"] == 12
    assert found["accuracy"]["of"] == [1, pytest.approx(1 / 3)]
    assert found["accuracy"]["value"] == pytest.approx(-2 / 3)
    assert found["accuracy"]["interval"][1] < 0
    assert found["same"] == 4
    assert found["gained"] == []
    assert {each["shown"] for each in found["lost"]} == {"red", "green"}
    assert len(found["lost"]) == 8
    assert found["bytes"] == [Path(file).stat().st_size for file in files]
    assert found["latency"]["ratio"] > 0
    status, out, _ = command(*files, "--folder", str(colors))
    assert out.startswith("good.onnx is right more often than bad.onnx, by more than chance\n")
    assert "only good.onnx is right, the surest first:" in out


def test_the_page(colors: Path, files: list[str], command: Any, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    (colors / "red" / "0.png").rename(colors / "red" / "<b>&0.png")
    page = tmp_path / "page.html"
    status, out, _ = command(*files, "--folder", str(colors), "--html", str(page))
    assert status == 0
    text = page.read_text(encoding="utf-8")
    assert out.splitlines()[0] in text
    assert text.count("data:image/jpeg;base64,") == 8
    assert "red/&lt;b&gt;&amp;0.png" in text
    assert "<b>&0" not in text
    assert "is the model itself" in command(*files, "--folder", str(colors), "--html", files[1])[2]
    inside = str(colors / "red" / "page.html")
    error = command(*files, "--folder", str(colors), "--html", inside)[2]
    assert "lies among the pictures" in error


def test_a_file_and_itself(colors: Path, files: list[str], command: Any) -> None:
    _, out, err = command(files[0], files[0], "--folder", str(colors), "--json")
    assert f"{files[0]} and {files[0]} are the same model" in err
    found = json.loads(out)
    low, high = found["accuracy"]["interval"]
    assert low < found["accuracy"]["value"] == 0 < high
    assert found["log_loss"]["interval"] == [0, 0]
    assert found["same"] == 12


def test_what_cannot_be_read_is_left_out(colors: Path, files: list[str], command: Any) -> None:
    (colors / "red" / "0.png").write_bytes(b"no picture")
    status, out, err = command(*files, "--folder", str(colors), "--json")
    assert status == 1
    assert "0.png" in err
    assert json.loads(out)["pictures"] == 11


def test_what_cannot_be_compared(
    colors: Path, files: list[str], command: Any, tmp_path: Path
) -> None:
    status, _, err = command(*files)
    assert status == 1
    assert "expected --folder FOLDER" in err
    status, _, err = command(str(colors), files[1], "--folder", str(colors))
    assert status == 1
    assert "export it first" in err
    other = tmp_path / "other.onnx"
    other.write_bytes(colors_model(labels=["a", "b", "c"]))
    status, _, err = command(files[0], str(other), "--folder", str(colors))
    assert status == 1
    assert err.startswith(f"pocketlens: error: {other}: ")
    assert "none of the model's classes" in err
    other.write_bytes(colors_model(labels=["red", "green", "c"]))
    status, _, err = command(files[0], str(other), "--folder", str(colors))
    assert status == 1
    assert f"{other}: does not know blue" in err
    assert "--common" not in err


def make_run(folder: Path, pictures: Path, names: list[str], right: int) -> str:
    """A run that names the true class of the first `right` of its test pictures, then the next."""
    folder.mkdir()
    (folder / MODEL).write_bytes(b"")
    split: dict[str, list[str]] = {"train": [], "validation": [], "test": names}
    run = Run(folder / MODEL, replace(COLORS, architecture="edge"), pictures, pictures, split)
    answers = run.classes(names)
    answers[right:] = (answers[right:] + 1) % 3
    np.savez(folder / ANSWERS, probabilities=np.eye(3)[answers] * 0.7 + 0.1)
    write_record(run, [])
    return str(folder)


def test_two_runs(colors: Path, command: Any, tmp_path: Path) -> None:
    names = [f"{label}/{number}.png" for label in PIXELS for number in range(4)]
    runs = [
        make_run(tmp_path / "a", colors, names[1:], right=5),
        make_run(tmp_path / "b", colors, names, right=10),
    ]
    status, out, err = command(*runs, "--json")
    assert status == 0
    assert "left out: 1 picture that one of the two alone has tested" in err
    found = json.loads(out)
    assert found["pictures"] == 11
    assert found["accuracy"]["of"] == [5 / 11, 9 / 11]
    assert [Path(each["file"]).name for each in found["gained"]] == [
        "2.png",
        "3.png",
        "0.png",
        "1.png",
    ]
    assert found["bytes"] is found["latency"] is None


def test_runs_that_cannot_be_compared(colors: Path, command: Any, tmp_path: Path) -> None:
    first = make_run(tmp_path / "a", colors, ["red/0.png"], right=1)
    second = make_run(tmp_path / "b", colors, ["red/1.png"], right=1)
    assert "have tested no picture in common" in command(first, second)[2]
    (tmp_path / "b" / ANSWERS).unlink()
    assert "an older version wrote it" in command(first, second)[2]


def test_the_interval_holds_the_true_difference_in_95_of_100_cases() -> None:
    random = np.random.default_rng(0)
    chances, held = (0.8, 0.87), 0
    for _ in range(400):
        # Both find the same pictures hard.
        hard = random.random(60)
        rows = [(hard + random.normal(0, 0.05, 60)) < chance for chance in chances]
        pairs = [
            Pair(Path(), "a", (_reply(first), _reply(second)))
            for first, second in zip(*rows, strict=True)
        ]
        low, high = compare_answers(("a", "b"), pairs).accuracy.interval
        held += low <= chances[1] - chances[0] <= high
    assert 0.92 <= held / 400 <= 0.99


def _reply(right: bool) -> Reply:
    return Reply("a" if right else "b", 0.9, 0.9 if right else 0.1)

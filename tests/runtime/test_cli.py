from __future__ import annotations

import csv
import errno
import io
import json
import shlex
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from builders import colors_model, encode, plain
from pocketlens.cli import COMMANDS, main
from pocketlens.errors import FileMissingError, MissingExtraError
from pocketlens.extras import requires_extra
from pocketlens.loading import load_model
from pocketlens.pictures.files import Limits


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    for name, color in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        (tmp_path / f"{name}.png").write_bytes(encode(plain(*color)))
    return [str(tmp_path / "red.png"), str(tmp_path / "blue.png")]


def test_predict_as_text(
    pictures: list[str], colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", *pictures, "--model", str(colors_file), "--top-k", "2"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{pictures[0]}: red 100.0%  green 0.0%"
    assert second.startswith(f"{pictures[1]}: blue 100.0%")


def test_predict_as_json_goes_on_after_a_bad_file(
    pictures: list[str], colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = [pictures[0], "missing.jpg", pictures[1]]
    assert main(["predict", *photos, "--model", str(colors_file), "--json"]) == 1
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [row["file"] for row in rows] == photos
    assert rows[0]["label"] == "red"
    assert rows[0]["score"] == rows[0]["scores"]["red"] > 0.99
    assert rows[1]["error"] == "missing.jpg: no such file"
    assert captured.err == "pocketlens: error: missing.jpg: no such file\n"


def test_full_disk_is_called_so_where_a_file_cannot_be_written(
    tmp_path: Path,
    colors_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*about: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert main(["bench", str(colors_file), "--json", str(tmp_path / "report.json")]) == 1
    assert capsys.readouterr().err.endswith(
        "report.json: cannot be written (No space left on device); free some space, or write to "
        "another disk\n"
    )


def test_read_only_file_system_is_called_so(
    tmp_path: Path,
    colors_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(path: Path, *about: object, **more: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    report = tmp_path / "report.json"
    assert main(["bench", str(colors_file), "--json", str(report)]) == 1
    said = capsys.readouterr().err
    assert said == f"pocketlens: error: {report}: cannot be written (Read-only file system)\n"


def test_ctrl_c_while_a_library_is_imported(
    colors_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*about: object, **more: object) -> None:
        raise ImportError("initialization failed") from KeyboardInterrupt()

    monkeypatch.setattr("pocketlens.cli.bench.load_model", interrupted)
    assert main(["bench", str(colors_file)]) == 130
    assert capsys.readouterr().err == "pocketlens: interrupted\n"


@pytest.mark.parametrize("command", ["train", "teach"])
def test_expression_that_is_none_is_refused_before_any_work(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for groups in ("(cam", ""):
        with pytest.raises(SystemExit):
            main([command, str(tmp_path), "--out", str(tmp_path / "out"), "--groups", groups])
        error = capsys.readouterr().err
        assert f"--groups: got {groups!r}, expected 'sub-folder' or a regular" in error


def test_names_stay_on_one_line(
    tmp_path: Path, colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "line\nbreak \x1b[31m.png"
    odd.write_bytes(encode(plain(255, 0, 0)))
    assert main(["predict", str(odd), "no\nsuch.png", "--model", str(colors_file)]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{tmp_path}/line\\nbreak \\x1b[31m.png: red")
    assert captured.err == "pocketlens: error: no\\nsuch.png: no such file\n"


def test_predict_as_csv(
    pictures: list[str], colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = [pictures[0], "missing.jpg"]
    assert main(["predict", *photos, "--model", str(colors_file), "--csv"]) == 1
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [(row["rank"], row["label"]) for row in rows[:1]] == [("1", "red")]
    assert [row["file"] for row in rows] == [pictures[0]] * 3 + ["missing.jpg"]
    assert rows[3]["error"] == "missing.jpg: no such file"


def test_info(colors_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(colors_file)]) == 0
    out = capsys.readouterr().out
    assert "red, green, blue" in out
    assert "8x8 rgb" in out


def test_info_of_the_bundled_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for title in ("labels", "test accuracy", "parity", "training folder", "trained on", "versions"):
        assert title in out


def test_errors_are_one_line_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.onnx").write_text("text")
    assert main(["predict", "x.jpg", "--model", str(tmp_path / "text.onnx")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pocketlens: error: ")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["predict"],
        ["predict", "x.jpg", "--top-k", "0"],
        ["predict", "x.jpg", "--json", "--csv"],
        ["train", "folder"],
        ["train", "folder", "--out", "run", "--test-split", "1.5"],
        ["train", "folder", "--out", "run", "--input-size", "0"],
        ["train", "folder", "--out", "run", "--epochs", "-1"],
        ["train", "folder", "--out", "run", "--seed", "-1"],
        ["train", "folder", "--out", "run", "--seed", "4294967296"],
        ["export", "run"],
        ["demo", "--port", "70000"],
    ],
)
def test_wrong_command_line_is_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("command", ["predict", "info", "train", "export", "demo"])
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command in {found.name for found in entry_points(group=COMMANDS)}
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"Example: pocketlens {command} " in capsys.readouterr().out


def test_console_script_runs(pictures: list[str], colors_file: Path) -> None:
    script = Path(sys.executable).with_name("pocketlens")
    done = subprocess.run(
        [script, "predict", *pictures, "--model", colors_file, "--top-k", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"{pictures[0]}: red 100.0%", f"{pictures[1]}: blue 100.0%"]


def test_reader_that_goes_away_is_no_traceback(pictures: list[str], colors_file: Path) -> None:
    script = Path(sys.executable).with_name("pocketlens")
    command = f"'{script}' predict {' '.join(pictures * 500)} --model '{colors_file}' | head -n 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_missing_extra_names_the_pip_line() -> None:
    with (
        pytest.raises(MissingExtraError, match=r"run: pip install .*\[train\]") as caught,
        requires_extra("train", "no_such_library"),
    ):
        import no_such_library.part  # type: ignore[import-not-found]  # noqa: F401
    assert isinstance(caught.value, ImportError)
    assert "no_such_library is not installed" in str(caught.value)


def test_other_missing_modules_are_not_mistaken_for_the_extra() -> None:
    with (
        pytest.raises(ModuleNotFoundError) as caught,
        requires_extra("train", "keras"),
    ):
        import no_such_library  # noqa: F401
    assert not isinstance(caught.value, MissingExtraError)


def test_predict_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("b/2.png", "b/10.JPG", "a/deep/x.webp", "z.png", ".hidden/y.png", "b/.y.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(encode(plain(255, 0, 0), Path(name).suffix.lower()))
    (tmp_path / "b" / "notes.txt").write_text("This is no picture.")
    assert main(["predict", str(tmp_path), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [str(Path(row["file"]).relative_to(tmp_path)) for row in rows]
    assert names == ["z.png", "a/deep/x.webp", "b/10.JPG", "b/2.png"]

    (tmp_path / "b" / "5.png").write_bytes(b"")
    assert main(["predict", str(tmp_path), "--csv", "--top-k", "1"]) == 1
    captured = capsys.readouterr()
    table = list(csv.DictReader(captured.out.splitlines()))
    assert [bool(row["error"]) for row in table] == [False, False, False, False, True]
    assert "5.png: empty" in captured.err


def test_predict_a_folder_without_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(tmp_path)]) == 1
    assert "no picture files, expected JPEG" in capsys.readouterr().err


def test_predict_refuses_larger_pictures(
    pictures: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", pictures[0], "--max-pixels", "100"]) == 1
    assert "16x12 pixels, at most 100 are decoded (max_pixels)" in capsys.readouterr().err


def test_progress_is_drawn_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pocketlens.cli import progress

    monkeypatch.setattr(progress, "_EVERY", 0)
    for total in (None, 3):
        bar = progress.Progress(total)
        bar.show(1)
        bar.clear()
        err = capsys.readouterr().err
        assert ("1 of 3" in err) == (total is not None)
        assert err.endswith("\r\x1b[K") == (total is not None)


def test_names_that_are_odd_do_not_stop_the_rest(
    pictures: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "line\rbreak.png"
    odd.write_bytes(Path(pictures[0]).read_bytes())
    names = [str(odd), "long" * 100, "null\0character", pictures[1]]
    assert main(["predict", *names, "--csv", "--top-k", "1"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert [row["file"] for row in rows] == names
    assert [bool(row["error"]) for row in rows] == [False, True, True, False]


def test_closed_output(pictures: list[str]) -> None:
    code = f"from pocketlens.cli import main; raise SystemExit(main(['predict', {pictures[0]!r}]))"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} >&-"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def run_module(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pocketlens", *arguments]
    return subprocess.run(command, capture_output=True, check=False, **options)


def test_module_and_standard_input(pictures: list[str], colors_file: Path) -> None:
    content = Path(pictures[0]).read_bytes()
    options = ["--model", str(colors_file), "--top-k", "1"]
    done = run_module("predict", "-", pictures[1], *options, input=content)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == [
        "-: red 100.0%",
        f"{pictures[1]}: blue 100.0%",
    ]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "-: empty (0 bytes), expected a picture"),
        (b"text", "-: not a picture (4 bytes)"),
        (bytes(200), "-: 101 bytes, at most 100 allowed (max_bytes)"),
    ],
)
def test_standard_input_that_is_no_picture(
    content: bytes,
    error: str,
    colors_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pocketlens.cli import predict

    limits = Limits(max_bytes=100)
    model = load_model(colors_file, max_bytes=100)
    monkeypatch.setattr(predict, "DEFAULT_LIMITS", limits)
    monkeypatch.setattr(predict, "load_model", lambda *_, **__: model)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert main(["predict", "-", "--json"]) == 1
    captured = capsys.readouterr()
    row = json.loads(captured.out)
    assert row["file"] == "-"
    assert row["error"].startswith(error)
    assert captured.err == f"pocketlens: error: {row['error']}\n"


def test_a_terminal_is_no_picture(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert main(["predict", "-"]) == 1
    assert "standard input is a terminal" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/cat.jpg",
        "HTTP://example.org",
        "ftp://example.org/cat.jpg",
        "s3://bucket/cat.jpg",
        "file:///tmp/no/such.jpg",
        "data:image/png;base64," + "A" * 10_000,
    ],
)
def test_a_url_is_to_be_downloaded_first(
    url: str, colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FileMissingError, match="download it first"):
        load_model(colors_file).predict(url)
    assert main(["predict", url, "--model", str(colors_file)]) == 1
    error = capsys.readouterr().err
    assert url[:20] in error
    assert (error.count("\n"), len(error) < 250) == (1, True)


def test_a_file_that_is_called_like_a_url_is_read(
    tmp_path: Path, colors_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "https:" / "host").mkdir(parents=True)
    (tmp_path / "https:" / "host" / "a.png").write_bytes(encode(plain(255, 0, 0)))
    monkeypatch.chdir(tmp_path)
    assert load_model(colors_file).predict("https://host/a.png").label == "red"


ODD_LABELS = ["=1+1", "1", "shown"], ["<b>*猫*</b>", "🐈\u200d⬛ 50%", "@SUM(A1)"]


@pytest.mark.parametrize("labels", ODD_LABELS)
def test_any_label_is_answered(
    labels: list[str], pictures: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "odd.onnx"
    model.write_bytes(colors_model(labels=labels))
    command = ["predict", pictures[0], "--model", str(model)]
    assert main(command) == 0
    assert f"red.png: {labels[0]} 100.0%  {labels[1]} 0.0%" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["label"] == labels[0]
    assert sorted(row["scores"]) == sorted(labels)
    assert main([*command, "--csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    shown = [label if label[0] not in "=@" else f"'{label}" for label in labels]
    assert [row["label"] for row in rows] == shown


def test_a_file_name_is_no_formula(
    pictures: list[str],
    colors_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(Path(pictures[0]).parent)
    name = "=cmd|'calc'!A0.png"
    Path(name).write_bytes(Path(pictures[0]).read_bytes())
    command = ["predict", name, "=2.png", "--model", str(colors_file)]
    assert main([*command, "--csv", "--top-k", "1"]) == 1
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["file"] for row in rows] == [f"'{name}", "'=2.png"]
    assert rows[1]["error"] == "'=2.png: no such file"
    assert main([*command, "--json"]) == 1
    found = [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()]
    assert found == [name, "=2.png"]

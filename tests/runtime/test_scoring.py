from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from builders import encode, plain
from pocketlens.cli import main
from pocketlens.errors import DatasetError, FileError, FileMissingError, PocketLensError
from pocketlens.loading import load_model
from pocketlens.scoring import manifest, name_file, parts, scoring
from pocketlens.scoring.name_file import key_of
from pocketlens.scoring.shard import Shard
from pocketlens.scoring.sources import Sources

COLORS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pictures in three folders, three that are none, and what is passed over."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(20):
        below = folder / f"camera {number % 3}"
        below.mkdir(exist_ok=True)
        (below / f"{number}.png").write_bytes(encode(plain(*COLORS[number % 3])))
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "line\nbreak.jpg").write_text("This is no picture.")
    (folder / "camera 0" / "cut.png").write_bytes(encode(plain(1, 2, 3))[:50])
    (folder / "notes.txt").write_text("This is no picture.")
    (folder / ".hidden.png").write_bytes(encode(plain(1, 2, 3)))
    return folder


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pocketlens.scoring.scoring", "pocketlens.cli.predict_out"):
        monkeypatch.setattr(f"{module}.PART_SIZE", 4)


@pytest.fixture
def predict(colors_file: Path, tmp_path: Path) -> Callable[..., int]:
    def run(*arguments: object) -> int:
        out = ["--out", str(tmp_path / "out"), "--model", str(colors_file)]
        return main(["predict", *map(str, arguments), *out])

    return run


def rows_in(folder: Path) -> list[dict[str, Any]]:
    texts = (part.read_text(encoding="utf-8") for part in sorted(folder.glob("part-*.jsonl")))
    lines = (line for text in texts for line in text.splitlines())
    return [json.loads(line) for line in lines]


def plain_rows(
    pictures: Path, colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> list[dict[str, Any]]:
    capsys.readouterr()
    main(["predict", str(pictures), "--model", str(colors_file), "--json"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def by_file(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    named = {row["file"]: row for row in rows}
    assert len(named) == len(rows), "a picture comes twice"
    return named


def test_parts_hold_what_predict_json_prints(
    pictures: Path,
    tmp_path: Path,
    colors_file: Path,
    predict: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert predict(pictures) == 0
    assert capsys.readouterr().err == (
        "pocketlens: answered 20 of 23 pictures; 3 could not be read\n"
    )
    files = sorted((tmp_path / "out").glob("part-*"))
    assert [len(file.read_bytes().splitlines()) for file in files] == [4, 4, 4, 4, 4, 3]
    assert rows_in(tmp_path / "out") == plain_rows(pictures, colors_file, capsys)
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize("shards", [1, 4])
def test_shards_that_were_killed_go_on_and_take_every_picture_once(
    shards: int,
    pictures: Path,
    tmp_path: Path,
    colors_file: Path,
    predict: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = parts.whole_part

    def killed(file: Path, *about: Any) -> Any:
        if file.name.endswith("000001.jsonl"):
            raise KeyboardInterrupt
        return whole(file, *about)

    # The same names, and so the same shards, each time.
    monkeypatch.chdir(pictures)
    here = Path()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "whole_part", killed)
        patch.setattr(scoring, "PART_SIZE", 2)
        ends = [predict(here, "--shard", f"{index}/{shards}") for index in range(shards)]
        assert ends.count(130) in (1, 3)
        cut = ends.index(130)
        first = tmp_path / "out" / f"part-{cut}-of-{shards}-000000.jsonl"
        before = first.stat().st_mtime_ns
        left = tmp_path / "out" / f".part-{cut}-of-{shards}-000001.jsonl.0a1b2c3d.partial"
        left.write_text("of a job that was killed")
        capsys.readouterr()
        patch.setattr(scoring, "whole_part", whole)
        for index in range(shards):
            assert predict(here, "--shard", f"{index}/{shards}") == 0
    assert "2 were done before" in capsys.readouterr().err
    assert first.stat().st_mtime_ns == before
    assert not left.exists()
    found = by_file(rows_in(tmp_path / "out"))
    assert found == by_file(plain_rows(here, colors_file, capsys))


def test_job_that_is_killed_for_good_goes_on(
    pictures: Path, tmp_path: Path, colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No handler runs, as when a machine goes down."""
    code = (
        "import os, sys\n"
        "from pocketlens.cli import main, predict_out\n"
        "from pocketlens.scoring import scoring\n"
        "scoring.PART_SIZE = predict_out.PART_SIZE = 4\n"
        "score = scoring.Job.score\n"
        "def killed(*about):\n"
        "    for done in score(*about):\n"
        "        yield done\n"
        "        if done.number == 2: os._exit(9)\n"
        "if sys.argv.pop(1) == 'killed': scoring.Job.score = killed\n"
        "raise SystemExit(main(sys.argv[1:]))"
    )
    command = ["predict", str(pictures), "--out", str(tmp_path / "out"), "--model"]
    for how, status in (("killed", 9), ("", 0)):
        full = [sys.executable, "-c", code, how, *command, str(colors_file)]
        assert subprocess.run(full, check=False).returncode == status
    assert rows_in(tmp_path / "out") == plain_rows(pictures, colors_file, capsys)


def test_list_of_paths(
    pictures: Path,
    tmp_path: Path,
    predict: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(pictures)
    names = ["camera 1/1.png", "camera 2/2.png", "gone.png", "notes.txt"]
    (tmp_path / "list.txt").write_bytes("\ufeff".encode() + "\r\n".join([*names, "", ""]).encode())
    assert predict("--list", tmp_path / "list.txt") == 0
    rows = rows_in(tmp_path / "out")
    assert [row["file"] for row in rows] == names
    assert [row.get("label") for row in rows] == ["green", "blue", None, None]
    assert rows[2]["error"] == "gone.png: no such file"


def test_parquet_is_what_the_lines_are(
    pictures: Path,
    tmp_path: Path,
    colors_file: Path,
    predict: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert predict(pictures, "--format", "parquet") == 0
    rows = parquet.read_table(tmp_path / "out").to_pylist()
    expected = plain_rows(pictures, colors_file, capsys)
    assert rows == [dict.fromkeys(rows[0]) | row for row in expected]


def test_uris_are_read_as_paths_are(
    pictures: Path,
    tmp_path: Path,
    colors_file: Path,
    predict: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("pyarrow")
    top = f"file://{pictures}"
    assert predict(top) == 0
    found = by_file(rows_in(tmp_path / "out"))
    expected = by_file(plain_rows(pictures, colors_file, capsys))
    assert {name.removeprefix("file://"): row.get("label") for name, row in found.items()} == {
        name: row.get("label") for name, row in expected.items()
    }
    error = found[f"{top}/empty.jpg"]["error"]
    assert error.startswith(f"{top}/empty.jpg: ")


def test_uri_of_nothing_is_a_row_with_an_error(
    pictures: Path, tmp_path: Path, predict: Callable[..., int]
) -> None:
    pytest.importorskip("pyarrow")
    names = [f"file://{pictures}/gone.png", "nosuch://bucket/a.png"]
    (tmp_path / "list.txt").write_text("\n".join(names))
    assert predict("--list", tmp_path / "list.txt") == 0
    gone, unknown = rows_in(tmp_path / "out")
    assert gone == {"file": names[0], "error": f"{names[0]}: no such file"}
    assert "expected a URI that pyarrow reads" in unknown["error"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--shard", "0/3"], "its shards: 1, now: 3"),
        (["--min-familiarity", "0.5"], None),
        (["--max-pixels", "99"], "its max_pixels: 64000000, now: 99"),
        (["--list", "LIST"], "its pictures: {'folders': ["),
    ],
)
def test_output_folder_of_another_run_is_refused_and_stays_as_it_is(
    change: list[str],
    said: str | None,
    pictures: Path,
    tmp_path: Path,
    predict: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert predict(pictures) == 0
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    (tmp_path / "list.txt").write_text("a.png")
    capsys.readouterr()
    change = [str(tmp_path / "list.txt") if each == "LIST" else each for each in change]
    assert predict(*([] if "--list" in change else [pictures]), *change) == 1
    if said:
        error = capsys.readouterr().err
        assert f"{tmp_path / 'out'}: holds another run (" in error
        assert said in error
        assert error.endswith("; name another folder\n")
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before


def test_other_model_and_other_versions_are_refused(
    pictures: Path,
    tmp_path: Path,
    predict: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert predict(pictures) == 0
    assert main(["predict", str(pictures), "--out", str(tmp_path / "out")]) == 1
    assert "holds another run (its model: " in capsys.readouterr().err
    old = manifest.versions() | {"opencv": "4.9.0"}
    monkeypatch.setattr("pocketlens.scoring.manifest.versions", lambda: old)
    assert predict(pictures) == 1
    assert "'opencv': '4.9.0'" in capsys.readouterr().err


def test_folder_of_something_else_is_refused(
    pictures: Path,
    tmp_path: Path,
    predict: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "diary.txt").write_text("Monday")
    assert predict(pictures) == 1
    assert "out: holds diary.txt and no _run.json" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["diary.txt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.png", "--shard", "0/2"], "--shard goes with --out DIR"),
        (["a.png", "--list", "a.txt"], "--list goes with --out DIR"),
        (["a", "--out", "out", "--csv"], "--csv does not go with --out"),
        (["a", "--out", "out", "--list", "a.txt"], "expected PHOTO, or --list FILE"),
        ([], "expected PHOTO, or --list FILE"),
        (["a", "--out", "out", "--shard", "4/4"], "expected I/N with I from 0 to N - 1"),
        (["a", "--out", "out", "--shard", "1"], "expected I/N with I from 0 to N - 1"),
    ],
)
def test_options_that_do_not_go_together(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["predict", *arguments])
    assert said in capsys.readouterr().err


def test_name_twice_is_refused_before_any_work(
    pictures: Path,
    tmp_path: Path,
    predict: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "list.txt").write_text("a.png\nb.png\na.png\n")
    assert predict("--list", tmp_path / "list.txt") == 1
    assert "list.txt: a.png comes twice, expected each picture once" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["_run.json"]


def test_names_that_share_a_key_are_not_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_file, "key_of", lambda name: len(name))
    listed = tmp_path / "list.txt"
    listed.write_text("a.png\nb.png\n")
    sources = Sources(list_file=listed)
    name_file.make_name_file(tmp_path / "names", sources, Shard())
    assert name_file.NameFile(tmp_path / "names").count == 2
    listed.write_text("a.png\nb.png\nb.png\n")
    with pytest.raises(DatasetError, match=r"b\.png comes twice"):
        name_file.make_name_file(tmp_path / "names", sources, Shard())


def test_pictures_that_vanish_are_rows_but_a_disk_that_vanishes_ends_it(
    tmp_path: Path,
    colors_file: Path,
    predict: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.png").write_bytes(encode(plain(255, 0, 0)))
    score = scoring.Job.score

    def with_vanishing(job: scoring.Job, *about: Any) -> Iterator[Any]:
        (folder / "03.png").unlink()
        done = score(job, *about)
        yield next(done)
        for file in folder.iterdir():
            file.rename(tmp_path / file.name)
        yield from done

    monkeypatch.setattr(scoring, "_BATCH_SIZE", 1)
    monkeypatch.setattr("pocketlens.cli.predict_out.usable_cores", lambda: 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring.Job, "score", with_vanishing)
        assert predict(folder) == 1
    assert f"{folder}: is empty, expected pictures; is its disk" in capsys.readouterr().err
    rows = rows_in(tmp_path / "out")
    assert len(rows) in (4, 8)
    for file in tmp_path.glob("*.png"):
        file.rename(folder / file.name)
    assert predict(folder) == 0
    found = by_file(rows_in(tmp_path / "out"))
    assert len(found) == 12
    assert [name for name, row in found.items() if "error" in row] == [str(folder / "03.png")]


def test_full_disk_leaves_the_parts_that_are_there(
    pictures: Path,
    tmp_path: Path,
    predict: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pocketlens.scoring.whole_file.os.fsync", full)
    assert predict(pictures) == 1
    assert capsys.readouterr().err.endswith(
        "part-0-of-1-000002.jsonl: cannot be written (No space left on device); free some space, "
        "or write to another disk\n"
    )
    names = {file.name for file in (tmp_path / "out").iterdir()}
    there = {f"part-0-of-1-00000{number}.jsonl" for number in range(2)}
    assert names == {"_run.json", "_files-0-of-1.txt", *there}


def test_file_missing_folder_and_no_picture_are_told_apart(
    tmp_path: Path, predict: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("Monday")
    (tmp_path / "none").mkdir()
    for name, said in (
        ("notes/a.txt", "is a file; --out goes with folders, or with --list FILE"),
        ("gone", "no such folder"),
        ("none", "is empty, expected pictures"),
        ("notes", "no picture files"),
    ):
        assert predict(tmp_path / name) == 1
        assert said in capsys.readouterr().err
        assert not list((tmp_path / "out").glob("*.jsonl"))


def test_folder_that_cannot_be_read_ends_it_before_any_work(
    pictures: Path,
    predict: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refusing(paths: Any, pass_over: Any, on_error: Callable[[OSError], object]) -> Any:
        on_error(PermissionError(13, "Permission denied", "photos/private"))
        return iter(())

    monkeypatch.setattr("pocketlens.scoring.sources.all_files", refusing)
    assert predict(pictures) == 1
    assert "photos/private: cannot be read (Permission denied); allow it" in capsys.readouterr().err


def test_manifest_is_of_the_first_of_two_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other has begun when it looked, and has written when it writes."""
    make = manifest._make

    def second_comes_first(file: Path, run: dict[str, Any]) -> None:
        make(file, {"shards": 2})
        make(file, run)

    monkeypatch.setattr(manifest, "_make", second_comes_first)
    with pytest.raises(PocketLensError, match="its shards: 2, now: 3"):
        manifest.claim(tmp_path / "out", {"shards": 3})
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["_run.json"]


def test_manifest_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*about: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("pocketlens.scoring.manifest.os.link", unsupported)
    manifest.claim(tmp_path / "out", {"shards": 3})
    manifest.claim(tmp_path / "out", {"shards": 3})
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["_run.json"]


def test_output_that_is_a_file(
    pictures: Path,
    tmp_path: Path,
    predict: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "out").write_text("Monday")
    assert predict(pictures) == 1
    assert "out: is a file, expected a folder" in capsys.readouterr().err


def test_shards_are_about_equal_and_a_name_stays_in_its_own() -> None:
    keys = [key_of(f"photos/{number}.jpg") for number in range(4_000)]
    sizes = [sum(map(Shard(index, 4).takes, keys)) for index in range(4)]
    assert sum(sizes) == 4_000
    assert max(sizes) < 1.1 * min(sizes)
    # The same in every version and on every system, or a run would not go on.
    assert key_of("photos/0.jpg") == 0x69B47A97321C2133


def test_job_may_be_pickled(pictures: Path, tmp_path: Path, colors_file: Path) -> None:
    import pickle

    model = load_model(colors_file)
    job = scoring.Job(tmp_path, Sources((str(pictures),)), model, "jsonl", Shard())
    first = next(job.missing())
    copy = pickle.loads(pickle.dumps(job))
    assert [done.pictures for done in copy.score([first], 1)] == [4]
    assert first not in list(job.missing())


def test_errors_of_writing_are_told_from_those_of_pictures(tmp_path: Path) -> None:
    from pocketlens.scoring.whole_file import whole_file

    with pytest.raises(FileMissingError, match="gone"), whole_file(tmp_path / "a"):
        raise FileMissingError("gone")
    with pytest.raises(FileError, match="a: cannot be written"), whole_file(tmp_path / "a"):
        raise OSError(errno.EIO, "Input/output error")

from __future__ import annotations

import errno
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from builders import encode, plain
from pocketlens.cli import main
from pocketlens.errors import PocketLensError
from pocketlens.loading import load_model
from pocketlens.scoring import on_ray
from pocketlens.scoring.manifest import claim, versions
from pocketlens.scoring.scoring import Job
from pocketlens.scoring.shard import Shard
from pocketlens.scoring.sources import Sources

ONE = "import sys; from pocketlens.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.png").write_bytes(encode(plain(255, 0, 0)))
    (folder / "empty.jpg").write_bytes(b"")
    return folder


@pytest.fixture
def job(pictures: Path, tmp_path: Path, colors_file: Path) -> Job:
    claim(tmp_path / "out", {})
    model = load_model(colors_file)
    return Job(tmp_path / "out", Sources((str(pictures),)), model, "jsonl", Shard())


def called(job: Job, folder: Path, here: Path, expected: dict[str, str]) -> dict[str, Any]:
    number, start = next(job.missing())
    scorer = on_ray.PartScorer(job, folder, here, expected)
    row = scorer({"number": np.array([number]), "start": np.array([start])})
    return {key: value for key, [value] in row.items()}


def test_actor_writes_the_part(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    row = called(job, tmp_path / "out", tmp_path, versions())
    assert row == {"number": 0, "pictures": 7, "failed": 1, "error": "", "errno": 0}
    assert list(job.missing()) == []


def test_actor_on_an_unfit_node_says_what_it_lacks(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out, here = tmp_path / "out", tmp_path
    other = versions() | {"opencv": "4.9.0"}
    for arguments, said in (
        ((out, here, other), r"node .*: has .*, expected .*'opencv': '4\.9\.0'"),
        ((out, here / "gone", versions()), r"gone: no such folder, expected one that all nodes"),
        ((here / "photos", here, versions()), r"photos: holds no _run\.json, expected a folder"),
    ):
        row = called(job, *arguments)
        assert re.search(said, row["error"])
        assert row["pictures"] == 0


def test_full_disk_of_a_node_is_known_by_its_number(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pocketlens.scoring.whole_file.os.fsync", full)
    row = called(job, tmp_path / "out", tmp_path, versions())
    assert "cannot be written (No space left on device)" in row["error"]
    assert row["errno"] == errno.ENOSPC


def test_error_of_ray_itself_is_one_line() -> None:
    class RayError(Exception):
        pass

    ray = SimpleNamespace(exceptions=SimpleNamespace(RayError=RayError))
    said = "^Ray: the raylet is gone; what is written stays: run the same command again$"
    with pytest.raises(PocketLensError, match=said), on_ray._one_error(ray):
        raise RayError("the raylet is gone\nand more")


def test_address_that_answers_not(
    pictures: Path, tmp_path: Path, colors_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray.data")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = ["predict", str(pictures), "--out", str(tmp_path / "out"), "--ray", address]
    assert main([*command, "--model", str(colors_file)]) == 1
    assert f"--ray {address}: nothing answers there (" in capsys.readouterr().err


def test_no_ray(
    pictures: Path,
    tmp_path: Path,
    colors_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    command = ["predict", str(pictures), "--out", str(tmp_path / "out"), "--ray"]
    assert main([*command, "--model", str(colors_file)]) == 1
    error = capsys.readouterr().err
    assert "ray is not installed; run: pip install" in error
    assert "[ray]" in error


def test_ray_writes_what_one_job_writes(pictures: Path, tmp_path: Path, colors_file: Path) -> None:
    pytest.importorskip("ray.data")

    def predict(out: str, *more: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", ONE, "predict", "photos", "--out", out]
        command += ["--model", str(colors_file), *more]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert predict("one").returncode == 0
    done = predict("ray", "--ray")
    assert done.returncode == 0, done.stderr
    assert "answered 6 of 7 pictures; 1 could not be read" in done.stderr
    one, ray = (
        {file.name: file.read_bytes() for file in (tmp_path / out).iterdir()}
        for out in ("one", "ray")
    )
    assert one == ray

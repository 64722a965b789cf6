"""Where the system lets a process start few threads, or none."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pocketlens
from builders import plain
from odd.boxes import Item, build, full_box
from pocketlens.cli import main
from pocketlens.engine.cores import startable_threads
from pocketlens.engine.parallel import map_in_order
from pocketlens.tools import doctor

DATA = Path(__file__).parents[1] / "data"
USE = """
import pocketlens
import numpy as np

model = pocketlens.load_model(intra_op_num_threads=8)
picture = np.zeros((1500, 2000, 3), np.uint8)
model.predict(picture)
assert len(list(model.predict_many([picture[:90, :120]] * 40, workers=4))) == 40
print(model.intra_op_num_threads)
"""


HEIC = """
import sys
from pathlib import Path
from pocketlens.pictures.decoding import decode

assert decode(Path(sys.argv[1])).shape == (256, 256, 3)
"""


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Lets so many more threads run at a time."""
    start = threading.Thread.start
    before = threading.active_count()

    def limited(count: int) -> None:
        def start_or_not(thread: threading.Thread) -> None:
            if threading.active_count() - before >= count:
                raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_or_not)

    yield limited


def few_threads(count: int, uid: int) -> list[str]:
    """A command that runs another as a user who may have so many threads, all processes' together.

    Root may have any number: it is left only the right to read files.
    """
    limited = ["prlimit", f"--nproc={count}", "--core=0"]
    if os.geteuid() == 0:
        drop = "--bounding-set=-sys_resource,-sys_admin"
        return ["setpriv", f"--ruid={uid}", drop, *limited]
    return limited


def run_with_few_threads(count: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Another user for each: the threads of all processes of one are counted.
    command = few_threads(count, 100_000 + os.getpid() * 8 + count)
    if not shutil.which(command[0]) or subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip(f"{command[0]} cannot limit the threads here")
    whole = [*command, sys.executable, "-c", *arguments]
    return subprocess.run(whole, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux")
@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_process_with_few_threads_answers(count: int) -> None:
    done = run_with_few_threads(count, USE)
    assert done.returncode == 0, done.stderr
    assert 1 <= int(done.stdout) <= count


def tiled_heic() -> bytes:
    """Sixteen tiles, each the picture of turned.heic."""
    data = (DATA / "turned.heic").read_bytes()
    start = data.index(b"hvcC") - 4
    decoder = data[start : start + int.from_bytes(data[start : start + 4], "big")]
    place, _, _, size = struct.unpack_from(">IHII", data, data.index(b"iloc") + 16)
    sizes = [full_box(b"ispe", struct.pack(">II", side, side)) for side in (64, 256)]
    tile = [data[place : place + size]]
    numbers = list(range(2, 18))
    grid = Item(1, b"grid", [struct.pack(">4B2H", 0, 0, 3, 3, 256, 256)], sizes[1:], method=1)
    tiles = [Item(number, b"hvc1", tile, [decoder, sizes[0]], hidden=True) for number in numbers]
    return build(
        [grid, *tiles], (b"dimg", 1, numbers), brand=b"heic", brands=b"mif1heic", essential=False
    )


@pytest.mark.skipif(sys.platform != "linux", reason="Linux")
def test_tiles_are_decoded_with_one_thread_more(tmp_path: Path) -> None:
    pytest.importorskip("pi_heif")
    file = tmp_path / "tiles.heic"
    file.write_bytes(tiled_heic())
    done = run_with_few_threads(2, HEIC, str(file))
    assert done.returncode == 0, done.stderr
    refused = run_with_few_threads(1, HEIC, str(file))
    assert "one thread more than this process may start" in refused.stderr


def test_threads_that_can_be_started_are_counted(limit: Callable[[int], None]) -> None:
    assert startable_threads(3) == 3
    limit(2)
    assert startable_threads(3) == 2
    assert startable_threads(1) == 1
    limit(0)
    assert startable_threads(3) == startable_threads(0) == 0


@pytest.mark.parametrize("allowed", [0, 1, 3])
def test_work_is_done_by_the_threads_there_are(limit: Callable[[int], None], allowed: int) -> None:
    limit(allowed)
    used, most = set(), 0

    def work(number: int) -> int:
        nonlocal most
        used.add(threading.get_ident())
        most = max(most, threading.active_count())
        return number * 2

    before = threading.active_count()
    assert list(map_in_order(work, range(200), 5)) == list(range(0, 400, 2))
    assert most - before <= allowed
    assert (used == {threading.get_ident()}) == (allowed == 0)
    assert threading.active_count() == before


def test_without_threads_the_source_is_read_as_needed(limit: Callable[[int], None]) -> None:
    limit(0)

    def source() -> Iterator[int]:
        yield from range(3)
        raise OSError("the camera is gone")

    answers = map_in_order(lambda number: -number, source(), 2)
    assert [next(answers) for _ in range(3)] == [0, -1, -2]
    with pytest.raises(OSError, match="the camera is gone"):
        next(answers)


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_a_model_takes_the_threads_there_are(
    limit: Callable[[int], None], colors_file: Path, allowed: int
) -> None:
    limit(allowed)
    model = pocketlens.load_model(colors_file, intra_op_num_threads=4)
    assert model.intra_op_num_threads == 1 + allowed
    answers = model.predict_many([plain(0, 255, 0)] * 30)
    assert {getattr(answer, "label", answer) for answer in answers} == {"green"}


def test_doctor_says_how_many(
    limit: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(doctor, "usable_cores", lambda: 4)
    assert main(["doctor"]) == 0
    assert "one for predict(), 4 for predict_many() by default" in capsys.readouterr().out
    limit(2)
    assert main(["doctor"]) == 0
    assert "the system lets only 2 more be started" in capsys.readouterr().out


def test_a_command_that_cannot_do_without(
    limit: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(*_: Any) -> None:
        threading.Thread(target=print).start()

    monkeypatch.setattr("pocketlens.cli.info.load_model", run)
    limit(0)
    assert main(["info"]) == 1
    assert capsys.readouterr().err.startswith(
        "pocketlens: error: the system allows no more threads"
    )

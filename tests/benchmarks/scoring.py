"""`predict --out` against predict_many() in a loop, and its memory for few and many pictures.

    python tests/benchmarks/scoring.py FOLDER [--rounds N] [--few N --many N]

FOLDER holds photos; they are linked as often as is needed. Needs Linux. Prints pictures a second
of both, in turns, each in a process of its own, the ratio of the medians, and peak memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pocketlens.pictures.folders import PassedOver, picture_files

LOOP = """
import sys, time
from pathlib import Path
import pocketlens
start = time.perf_counter(), time.process_time()
files = Path(sys.argv[1]).read_text().splitlines()
assert sum(1 for _ in pocketlens.load_model().predict_many(files)) == len(files)
print(time.perf_counter() - start[0], time.process_time() - start[1])
"""
OUT = """
import resource, sys, time
from pocketlens.cli import main
if sys.argv[3] == "parquet":
    import pyarrow.parquet
start = time.perf_counter(), time.process_time()
assert not main(["predict", "--list", sys.argv[1], "--out", sys.argv[2], "--format", sys.argv[3]])
print(time.perf_counter() - start[0], time.process_time() - start[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
"""Imports are not counted: they are the same for one picture and for a million."""


def run(code: str, *arguments: object) -> list[float]:
    """Seconds by the clock and of the processor, and of OUT the peak memory in KB."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(each) for each in done.stdout.split()]


def listed(work: Path, photos: list[str], count: int) -> Path:
    """A list of links to photos."""
    file, folder = work / f"{count}.txt", work / str(count)
    folder.mkdir()
    names = []
    for number, photo in enumerate(islice(cycle(photos), count)):
        names.append(str(folder / f"{number}.jpg"))
        Path(names[-1]).symlink_to(photo)
    file.write_text("\n".join(names))
    return file


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--few", type=int, default=5_000)
    parser.add_argument("--many", type=int, default=20_000)
    options = parser.parse_args()
    folder = str(Path(options.folder).resolve())
    photos = list(islice(picture_files([folder], PassedOver(), print), options.few))
    with TemporaryDirectory() as name:
        work = Path(name)
        few = listed(work, photos, options.few)
        for kind in ("jsonl", "parquet"):
            loop, out = [], []
            for turn in range(options.rounds):
                loop.append(run(LOOP, few))
                out.append(run(OUT, few, work / f"{kind}{turn}", kind))
            for what, index in (("by the clock", 0), ("of the processor", 1)):
                before, now = (median(each[index] for each in side) for side in (loop, out))
                print(
                    f"{kind}: {options.few / now:.0f} pictures a second {what}, in a loop "
                    f"{options.few / before:.0f}; ratio {before / now:.3f}, at least .9"
                )
            many = listed(work, photos, options.many)
            peak, more = out[-1][2], run(OUT, many, work / f"{kind}-many", kind)[2]
            print(f"{kind}: {peak / 1e3:.0f} and {more / 1e3:.0f} MB; ratio {more / peak:.3f}")
            for file in (work / str(options.many)).iterdir():
                file.unlink()
            (work / str(options.many)).rmdir()


if __name__ == "__main__":
    main()

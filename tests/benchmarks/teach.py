"""Seconds, memory and size of `pocketlens teach`, and of one picture more.

    python tests/benchmarks/teach.py FOLDER PICTURE [--rounds N]

PICTURE is one of the folder's first class that is not in it. Imports count.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

START = "from pocketlens.cli import main; raise SystemExit(main())"


def measure(arguments: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and MB at the peak."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", START, "teach", *arguments], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"pocketlens teach ended with {process.returncode}")
    seconds = time.perf_counter() - begun
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        taught, added = work / "taught.onnx", work / "added.onnx"
        label = min(path.name for path in arguments.folder.iterdir() if path.is_dir())
        (work / "more" / label).mkdir(parents=True)
        shutil.copy(arguments.picture, work / "more" / label)
        commands = {
            "teach": [str(arguments.folder), "--out", str(taught)],
            "one picture more": ["--add", str(work / "more"), str(taught), "--out", str(added)],
        }
        for title, command in commands.items():
            found = [measure(command) for _ in range(arguments.rounds)]
            wall, cpu, peak = np.median(found, axis=0)
            print(f"{title}: {wall:.2f} s, of the CPU {cpu:.2f} s, {peak:.0f} MB at the peak")
        print(f"file: {taught.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

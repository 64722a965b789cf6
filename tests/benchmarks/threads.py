"""What the threads of predict() cost and give: settings in turns, each in a process of its own.

    python tests/benchmarks/threads.py [--rounds N] [--before FOLDER]

FOLDER holds an earlier `pocketlens` package, such as runtime/ of an older checkout. Prints what
share of a core 6 pictures a second take, waiting included, and p50, p90, p99 of a tight loop.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import pocketlens
from pocketlens.engine.cores import usable_cores

RATE, FRAMES, CALLS = 6, 12, 60
SIDE = """
import json, sys, time
import numpy as np
import pocketlens

model = pocketlens.load_model(**json.loads(sys.argv[1]))
picture = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
for _ in range(10):
    model.predict(picture)
for line in sys.stdin:
    count, period = json.loads(line)
    seconds = []
    cpu, begun = time.process_time(), time.perf_counter()
    for _ in range(count):
        start = time.perf_counter()
        model.predict(picture)
        seconds.append(time.perf_counter() - start)
        if period:
            time.sleep(max(0, period - seconds[-1]))
    share = (time.process_time() - cpu) / (time.perf_counter() - begun)
    print(json.dumps({"share": share, "seconds": seconds}), flush=True)
"""


class Side:
    """A process with a model that was loaded with some settings, and what was measured there."""

    def __init__(self, package: Path, settings: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SIDE, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(package)},
            text=True,
        )
        self.shares: list[float] = []
        self.seconds: list[float] = []

    def measure(self) -> None:
        """Some pictures at 6 a second, and some in a tight loop."""
        self.shares.append(self._run(FRAMES, 1 / RATE)["share"])
        self.seconds += self._run(CALLS, 0)["seconds"]

    def _run(self, count: int, period: float) -> Any:
        assert self._process.stdin and self._process.stdout
        print(json.dumps([count, period]), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        time.sleep(0.2)  # what spins has stopped by then
        return answer


def sides(before: Path | None) -> dict[str, Side]:
    now = Path(pocketlens.__file__).parents[1]
    cores = usable_cores()
    found = {
        "1 thread": Side(now, {"intra_op_num_threads": 1}),
        "load_model()": Side(now, {}),
        f"all cores ({cores}), spinning": Side(
            now, {"intra_op_num_threads": cores, "allow_spinning": True}
        ),
    }
    for threads in (2, 4):
        for spinning in (False, True):
            settings = {"intra_op_num_threads": threads, "allow_spinning": spinning}
            found[f"{threads} threads{', spinning' * spinning}"] = Side(now, settings)
    if before:
        found["before: load_model()"] = Side(before, {})
        for threads in (1, 2):
            title = f"before: {threads} thread{'s, spinning' if threads > 1 else ''}"
            found[title] = Side(before, {"intra_op_num_threads": threads})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--before", type=Path)
    arguments = parser.parse_args()
    measured = sides(arguments.before)
    for _ in range(arguments.rounds):
        for side in measured.values():
            side.measure()
    one = measured["1 thread"]
    print("| | share of a core at 6/s | over 1 thread | p50 | p90 | p99, ms | p50 over 1 thread |")
    print("|---" * 7 + "|")
    for title, side in measured.items():
        share, p50 = np.median(side.shares), np.median(side.seconds)
        cells = " | ".join(
            f"{value * 1000:.2f}" for value in np.percentile(side.seconds, (50, 90, 99))
        )
        print(
            f"| {title} | {share:.2%} | {share / np.median(one.shares):.2f} | {cells} "
            f"| {p50 / np.median(one.seconds):.2f} |"
        )


if __name__ == "__main__":
    main()

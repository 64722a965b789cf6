"""CPU seconds of `pocketlens export`, of this checkout and of an earlier one in turns.

    python tests/benchmarks/export.py RUN --before CHECKOUT [--rounds N] [--int8]

The pictures of RUN must still be where it found them. Counts user and system time, all threads and
children included. An int8 file that is refused counts too, up to the refusal.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parents[2]
START = "from pocketlens.cli import main; raise SystemExit(main())"


def cpu_seconds(checkout: Path, run: Path, flags: list[str]) -> float:
    packages = [str(checkout / name) for name in ("runtime", "train", "export", "demo")]
    with tempfile.TemporaryDirectory() as folder:
        out = ["--out", str(Path(folder, "x.onnx"))]
        process = subprocess.Popen(
            [sys.executable, "-c", START, "export", str(run), *out, *flags],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(packages)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in ((0, 1) if "--int8" in flags else (0,)):
        raise SystemExit(f"{checkout}: pocketlens export ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--int8", action="store_true")
    arguments = parser.parse_args()
    flags = ["--int8"] if arguments.int8 else []
    found = [
        [cpu_seconds(side, arguments.run, flags) for side in (arguments.before, HERE)]
        for _ in range(arguments.rounds)
    ]
    before, now = np.median(found, axis=0)
    for row in found:
        print("before {:.2f} s, now {:.2f} s".format(*row))
    print(f"median: before {before:.2f} s, now {now:.2f} s, ratio {now / before:.2f}")


if __name__ == "__main__":
    main()

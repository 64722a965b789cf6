"""What a first answer costs with the runtime and with TensorFlow: fresh processes, in turn.

Run: python tests/benchmarks/footprint.py RUN MODEL.onnx PHOTO
(in an environment with pocketlens[cpu,train]; RUN as made by `pocketlens train`, MODEL.onnx
exported from it)
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from time import perf_counter

RUNS = 7

RUNTIME = "import pocketlens; pocketlens.load_model({model!r}).predict({photo!r})"
KERAS = """
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import cv2, keras
network = keras.saving.load_model({run!r} + "/model.keras", compile=False)
_, height, width, channels = network.input_shape
flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR_RGB
pixels = cv2.resize(cv2.imread({photo!r}, flag), (width, height))
network(pixels.reshape(1, height, width, channels), training=False)
"""


def measure(code: str) -> tuple[float, float]:
    """Seconds and peak memory in MB of a fresh interpreter that runs the code."""
    start = perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"this failed with status {status}: {code}")
    return perf_counter() - start, usage.ru_maxrss / 1024


def installed_size(*roots: str) -> float:
    """MB of the files of these distributions and all that they require here."""
    waiting, seen, total = list(roots), set[str](), 0
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        total += sum(
            path.stat().st_size
            for file in found.files or ()
            if (path := Path(str(found.locate_file(file)))).is_file() and path.suffix != ".pyc"
        )
        waiting += [
            re.split(r"[^\w.-]", requirement)[0]
            for requirement in found.requires or ()
            if "extra ==" not in requirement
        ]
    return total / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("run", "model", "photo"):
        parser.add_argument(name)
    arguments = vars(parser.parse_args())
    cases = {
        "import pocketlens": "import pocketlens",
        "import tensorflow": "import tensorflow",
        "runtime, first answer": RUNTIME.format(**arguments),
        "Keras, first answer": KERAS.format(**arguments),
    }
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for _ in range(RUNS):
        for name, code in cases.items():
            measured[name].append(measure(code))
    print(f"{RUNS} fresh processes each, in turn: median (min to max)\n")
    print("| process | seconds | peak memory, MB |\n|---|---|---|")
    for name, figures in measured.items():
        seconds, memory = zip(*figures, strict=True)
        print(
            f"| {name} | {median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f}) "
            f"| {median(memory):.0f} ({min(memory):.0f} to {max(memory):.0f}) |"
        )
    runtime = installed_size("pocketlens", "numpy", "opencv-python-headless", "onnxruntime")
    tensorflow = installed_size("tensorflow", "numpy", "opencv-python-headless")
    print(f"\ninstalled: runtime {runtime:.0f} MB, TensorFlow with OpenCV {tensorflow:.0f} MB")


if __name__ == "__main__":
    main()

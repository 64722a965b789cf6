"""The runtime's figures, each a ratio of two sides measured in turns on this machine.

    python tests/benchmarks/figures.py FOLDER PHOTO...

FOLDER holds a thousand or more photos, PHOTO... are some of natural size (JPEG, 640x640 or more).
Needs Linux and two cores. Prints what was measured, the ratio of the medians, and its bound.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import cv2
import numpy as np

import pocketlens
from pocketlens.engine.network import Network
from pocketlens.engine.session import FAMILIARITY, INPUT_NAME, OUTPUT_NAME
from pocketlens.loading import BUNDLED_MODEL
from pocketlens.pictures.decoding import decode
from pocketlens.pictures.folders import PassedOver, picture_files
from pocketlens.pictures.preprocessing import network_input, preprocess
from pocketlens.tools.bench import generated_jpeg

OURS = "import sys, pocketlens; pocketlens.load_model(sys.argv[1]).predict(sys.argv[2])"
BARE = """
import sys
import numpy, cv2, onnxruntime
options = onnxruntime.SessionOptions()
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
picture = cv2.resize(cv2.imread(sys.argv[2], cv2.IMREAD_COLOR_RGB), (160, 160))
session.run(["probabilities"], {"image": picture[None]})
"""
MANY = """
import sys, itertools, pocketlens
files = itertools.islice(itertools.cycle(sys.argv[2:]), int(sys.argv[1]))
answers = sum(1 for _ in pocketlens.load_model().predict_many(files))
assert answers == int(sys.argv[1])
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(line.split()[1])
"""


def in_turns(sides: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Milliseconds of each side, the first tenth of the rounds not counted."""
    times: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + rounds // 10):
        for side, kept in zip(sides, times, strict=True):
            start = perf_counter()
            side()
            if number >= rounds // 10:
                kept.append((perf_counter() - start) * 1000)
    return times


def show(title: str, must: float, sides: dict[str, list[float]], unit: str = "ms") -> None:
    """The first side's median over the sum of the others' medians."""
    ours, *others = sides.values()
    ratio = median(ours) / sum(median(other) for other in others)
    print(f"{title}: **{ratio:.3f}** (must {must})")
    for name, values in sides.items():
        p50, p90, p99 = np.percentile(values, (50, 90, 99))
        print(f"    {name:<44} p50 {p50:9.3f}  p90 {p90:9.3f}  p99 {p99:9.3f} {unit}")
    sys.stdout.flush()


def single_pictures(folder: Path) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    cv2.setNumThreads(1)
    model = pocketlens.load_model()
    recipe = model.metadata.preprocessing
    photo = generated_jpeg(3000, 4000)
    buffer = np.frombuffer(photo, np.uint8)
    sides = [
        lambda: model.predict(photo),
        lambda: cv2.imdecode(buffer, cv2.IMREAD_REDUCED_COLOR_8),
    ]
    title = f"12-megapixel JPEG ({len(photo) / 1e6:.1f} MB) to answer, over cv2's own 1/8 decode"
    show(title, 1.25, dict(zip(("predict()", "cv2.imdecode"), in_turns(sides, 100), strict=True)))

    small = next(file for file in sorted(folder.rglob("*.jpg")) if file.stat().st_size).read_bytes()
    pixels = decode(small, min_size=recipe.min_decoded_size)
    feed = {INPUT_NAME: preprocess(pixels, recipe)[np.newaxis]}
    network = Network(BUNDLED_MODEL.read_bytes(), ["CPUExecutionProvider"])
    parts = {
        "predict()": lambda: model.predict(small),
        "decode()": lambda: decode(small, min_size=recipe.min_decoded_size),
        "preprocess()": lambda: preprocess(pixels, recipe),
        "network.run()": lambda: network.run([OUTPUT_NAME, FAMILIARITY], feed),
    }
    title = f"{pixels.shape[1]}x{pixels.shape[0]} JPEG to answer, over the sum of its parts"
    show(title, 1.05, dict(zip(parts, in_turns(list(parts.values()), 1000), strict=True)))


def start_up(photo: Path) -> None:
    def fresh(code: str) -> Callable[[], object]:
        command = [sys.executable, "-c", code, str(BUNDLED_MODEL), str(photo)]
        return lambda: subprocess.run(command, check=True)

    sides = in_turns([fresh(OURS), fresh(BARE)], 20)
    title = "import, load and first answer, over bare imports, session and run"
    show(title, 1.3, dict(zip(("pocketlens", "bare"), sides, strict=True)))


def folder_throughput(files: list[str]) -> None:
    model = pocketlens.load_model()
    one, two = in_turns(
        [lambda n=n: list(model.predict_many(files, workers=n)) for n in (1, 2)],  # type: ignore[misc]
        10,
    )
    rates = [[1000 * len(files) / value for value in side] for side in (two, one)]
    title = f"pictures a second of {len(files)} files, two workers over one"
    show(title, 1.8, dict(zip(("two", "one"), rates, strict=True)), "pictures/s")


def memory(files: list[str]) -> None:
    def peak(count: int) -> float:
        command = [sys.executable, "-c", MANY, str(count), *files[:100]]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return int(done.stdout) / 1e3

    sides = {str(count): [peak(count) for _ in range(3)] for count in (10_000, 100)}
    show("peak memory of 10,000 pictures, over that of 100", 1.1, sides, "MB")


def reduced_decode(photos: Sequence[Path], files: list[str]) -> None:
    """Labels of reduced against full decode, of crops and enlargements in a camera's sizes."""
    model = pocketlens.load_model()
    recipe = model.metadata.preprocessing
    random = np.random.default_rng(0)
    pictures = []
    for pixels in map(decode, photos):
        for _ in range(100):
            height, width = (
                int(random.uniform(min(640, side // 2), side)) for side in pixels.shape[:2]
            )
            top, left = (
                int(random.integers(0, whole - part + 1))
                for whole, part in zip(pixels.shape[:2], (height, width), strict=True)
            )
            pictures.append(pixels[top : top + height, left : left + width])
    for file in files[:: len(files) // 1000 or 1]:
        width = int(random.integers(700, 3000))
        size = (width, int(width * random.uniform(0.6, 1.4)))
        large = cv2.resize(decode(file), size, interpolation=cv2.INTER_CUBIC)
        grain = random.integers(0, 9, large.shape, np.uint8)
        pictures.append(np.asarray(cv2.add(large, grain), np.uint8))
    flips, rejected = 0, 0
    for pixels in pictures:
        data = cv2.imencode(".jpg", pixels[..., ::-1])[1].tobytes()
        inputs = [network_input(data, replace(recipe, decode=how)) for how in ("reduced", "full")]
        first, second = model.predict(inputs)
        if first.label != second.label:
            rejected += first.rejected and second.rejected
            flips += not (first.rejected and second.rejected)
    print(
        f"labels that differ between reduced and full decode: **{flips / len(pictures):.2%}** "
        f"(must 0.3 %): {flips} of {len(pictures)}, and {rejected} more that both reject; "
        f"{100 * len(photos)} crops of {len(photos)} photos, the rest enlargements"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("photos", type=Path, nargs="+")
    arguments = parser.parse_args()
    found = picture_files([str(arguments.folder)], PassedOver(), print)
    files = [file for file in found if Path(file).stat().st_size][:2000]
    with TemporaryDirectory() as folder:
        jpeg = Path(folder) / "photo.jpg"
        jpeg.write_bytes(Path(files[0]).read_bytes())
        start_up(jpeg)
    folder_throughput(files)
    memory(files)
    reduced_decode(arguments.photos, files)
    single_pictures(arguments.folder)


if __name__ == "__main__":
    main()

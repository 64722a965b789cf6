"""What a prediction takes on this machine, stage by stage; needs the runtime alone."""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import pocketlens
from pocketlens.engine.cores import startable_threads, usable_cores
from pocketlens.engine.network import Network
from pocketlens.engine.session import FAMILIARITY, INPUT_NAME, OUTPUT_NAME
from pocketlens.errors import PocketLensError
from pocketlens.extras import is_frozen
from pocketlens.loading import load_model
from pocketlens.pictures.decoding import Pixels, decode
from pocketlens.pictures.files import read_bytes
from pocketlens.pictures.preprocessing import network_input, preprocess

BLOCKS, COLD_STARTS = 7, 7
_SECONDS_A_BLOCK = 0.15
_MOST_CALLS = 200
_WARM_UP = 3
_BATCH = 8
_PHOTO, _SMALL = (3000, 4000), (200, 200)
_JPEG_QUALITY = 85
_FIRST_ANSWER = """
import sys
import pocketlens
pocketlens.load_model(sys.argv[1]).predict(sys.argv[2])
"""
_PEAK_MEMORY = """
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(line.split()[1])
"""

Stage = dict[str, Any]


def measure(path: Path, pictures: Sequence[str], folder: Path) -> Iterator[tuple[str, Stage]]:
    """Measures stage after stage.

    Each is timed in blocks; the spread of their medians is this machine's noise. A frozen
    application has no Python to start, and leaves out what a fresh process takes.

    Args:
        path: The .onnx file.
        pictures: Files for the pictures a second; none leaves that out.
        folder: Where to put a generated picture.

    Yields:
        A stage's name, and its "unit", "p50", "p90", "p99" and "blocks", the medians of the blocks.
    """
    small, photo = generated_jpeg(*_SMALL), generated_jpeg(*_PHOTO)
    jpegs = {"200x200 JPEG": small, "12-megapixel JPEG": photo}
    if not is_frozen():
        yield from _fresh_processes(path, jpegs, folder)
    model = load_model(path)
    preprocessing = model.metadata.preprocessing
    enough = preprocessing.min_decoded_size
    for name, data in jpegs.items():
        yield f"decode, {name}", _blocks(partial(decode, data, min_size=enough))
        pixels = decode(data, min_size=enough)
        yield f"preprocess, {name}", _blocks(partial(preprocess, pixels, preprocessing))
    names = [OUTPUT_NAME] + [FAMILIARITY] * (model.min_familiarity is not None)
    one = network_input(small, preprocessing)[np.newaxis]
    content = read_bytes(path)
    for threads in _thread_counts():
        network = Network(content, model.providers, threads)
        for size in (1, _BATCH):
            feed = {INPUT_NAME: np.repeat(one, size, axis=0)}
            title = f"inference, batch of {size}, {_threads(threads)}"
            yield title, _blocks(partial(network.run, names, feed))
        limited = load_model(path, providers=model.providers, intra_op_num_threads=threads)
        for name, data in jpegs.items():
            title = f"predict, {name}, {_threads(threads)}"
            yield title, _blocks(partial(limited.predict, data))
        title = f"predict, {_BATCH} 200x200 JPEGs, {_threads(threads)}"
        yield title, _blocks(partial(limited.predict, [small] * _BATCH))
        if pictures:
            yield f"predict_many, {_workers(threads)}", _throughput(limited, pictures, threads)


def _fresh_processes(
    path: Path, jpegs: dict[str, bytes], folder: Path
) -> Iterator[tuple[str, Stage]]:
    for name, data in jpegs.items():
        file = folder / f"{name}.jpg"
        file.write_bytes(data)
        start = partial(_first_answer, path, file)
        yield f"start to first answer, {name}", _stage([[_time(start)] for _ in range(COLD_STARTS)])
        if sys.platform == "linux":
            yield f"peak memory, {name}", _stage([[int(start(_PEAK_MEMORY)) / 1e3]], "MB")


def machine() -> str:
    """The machine and the libraries that the figures are of."""
    import onnxruntime

    return (
        f"{platform.machine()}, {usable_cores()} cores, Python {platform.python_version()}, "
        f"pocketlens {pocketlens.__version__}, onnxruntime {onnxruntime.__version__}, "
        f"OpenCV {cv2.__version__}"
    )


def generated_jpeg(height: int, width: int) -> bytes:
    """A JPEG with detail of all sizes, as large as a camera's."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (height // 10, width // 10, 3), np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = random.integers(0, 7, (height, width, 3), np.uint8)
    picture: Pixels = np.asarray(cv2.add(smooth, grain), np.uint8)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()


def _throughput(model: pocketlens.Classifier, pictures: Sequence[str], workers: int) -> Stage:
    rates = []
    for _ in range(3):
        start = time.perf_counter()
        answers = list(model.predict_many(pictures, workers=workers))
        seconds = time.perf_counter() - start
        if all(isinstance(answer, PocketLensError) for answer in answers):
            raise answers[0]  # type: ignore[misc]
        rates.append([len(answers) / seconds])
    return _stage(rates, "pictures/s")


def _blocks(call: Callable[[], object]) -> Stage:
    for _ in range(_WARM_UP):
        call()
    blocks = []
    for _ in range(BLOCKS):
        times: list[float] = []
        while not times or (sum(times) < _SECONDS_A_BLOCK * 1000 and len(times) < _MOST_CALLS):
            times.append(_time(call))
        blocks.append(times)
    return _stage(blocks)


def _stage(blocks: list[list[float]], unit: str = "ms") -> Stage:
    values = [value for block in blocks for value in block]
    p50, p90, p99 = (float(each) for each in np.percentile(values, (50, 90, 99)))
    medians = [float(np.median(block)) for block in blocks]
    return {"unit": unit, "p50": p50, "p90": p90, "p99": p99, "blocks": medians}


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def _thread_counts() -> list[int]:
    cores, counts = 1 + startable_threads(usable_cores() - 1), [1]
    while counts[-1] * 2 <= cores:
        counts.append(counts[-1] * 2)
    return counts


def _first_answer(model: Path, picture: Path, then: str = "") -> str:
    """Asks a fresh process, and returns what it prints."""
    command = [sys.executable, "-c", _FIRST_ANSWER + then, str(model), str(picture)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count > 1)}"


def _workers(count: int) -> str:
    return f"{count} worker{'s' * (count > 1)}"

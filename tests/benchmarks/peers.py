"""predict() against Keras on the same photos and weights, in turns in one process.

Every side goes from a photo's bytes to probabilities, by the same decoding and preprocessing, so
what differs is the network and its overhead. Prints milliseconds and ratios of the medians.

Run: python tests/benchmarks/peers.py RUN MODEL.onnx FOLDER
(RUN as made by `pocketlens train`, MODEL.onnx exported from it, FOLDER with photos)
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import onnxruntime
import tensorflow as tf

import pocketlens
from pocketlens.decoding import Pixels

TURNS = 20
BLOCK = 25
WARM_UP = 5


def sides(run: Path, file: Path) -> dict[str, Callable[[bytes], list[float]]]:
    model = pocketlens.load_model(file, providers=["CPUExecutionProvider"])
    network = keras.saving.load_model(run / "model.keras", compile=False)
    graph = tf.function(lambda image: network(image, training=False))

    def network_input(data: bytes) -> Pixels:
        return network_input(data, model.metadata.preprocessing)[np.newaxis]

    return {
        "pocketlens predict()": lambda data: list(model.predict(data).scores.values()),
        "tf.function": lambda data: graph(tf.constant(network_input(data)))[0].numpy().tolist(),
        "Keras __call__": lambda data: (
            network(tf.constant(network_input(data)), training=False)[0].numpy().tolist()
        ),
        "Keras predict()": lambda data: network.predict(network_input(data), verbose=0)[0].tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("photos", type=Path)
    arguments = parser.parse_args()

    photos = [path.read_bytes() for path in sorted(arguments.photos.rglob("*.jpg"))]
    compared = sides(arguments.run, arguments.model)
    times: dict[str, list[float]] = {name: [] for name in compared}
    labels: dict[str, list[int]] = {name: [] for name in compared}
    for turn in range(TURNS):
        # A side's threads still spin when the next one starts: the first answers do not count.
        block = [photos[(turn * BLOCK + i) % len(photos)] for i in range(BLOCK)]
        for name, ask in compared.items():
            for photo in block[:WARM_UP]:
                ask(photo)
            for photo in block:
                start = perf_counter()
                answer = ask(photo)
                times[name].append((perf_counter() - start) * 1000)
                labels[name].append(int(np.argmax(answer)))
    # Calibration, and int8 if the model is, change the probabilities but hardly a label.
    same = np.ptp(np.array(list(labels.values())), axis=0) == 0

    print(
        f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, "
        f"Python {platform.python_version()}, onnxruntime {onnxruntime.__version__}, "
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}"
    )
    print(
        f"{TURNS * BLOCK} answers a side, in turns of {BLOCK}, "
        f"the same label for {same.mean():.1%}\n"
    )
    print("| from a photo's bytes to probabilities, ms | p50 | p90 | p99 | p50 ratio |")
    print("|---|---|---|---|---|")
    base = np.median(times["pocketlens predict()"])
    for name, measured in times.items():
        p50, p90, p99 = np.percentile(measured, [50, 90, 99])
        print(f"| {name} | {p50:.2f} | {p90:.2f} | {p99:.2f} | {p50 / base:.1f} |")


if __name__ == "__main__":
    main()

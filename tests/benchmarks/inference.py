"""Inference of two model files in turns in one process, on one core.

    python tests/benchmarks/inference.py A.onnx B.onnx

What is timed is onnxruntime's run() on one picture of noise: no decoding, no Python of ours.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime

ROUNDS, WARM_UP = 600, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs=2, type=Path)
    files = parser.parse_args().models
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    sessions = [onnxruntime.InferenceSession(file, options) for file in files]
    feeds = []
    for session in sessions:
        image = session.get_inputs()[0]
        noise = np.random.default_rng(0).integers(0, 256, (1, *image.shape[1:]), np.uint8)
        feeds.append({image.name: noise})
    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for session, feed, milliseconds in zip(sessions, feeds, times, strict=True):
            start = time.perf_counter()
            session.run(["probabilities"], feed)
            milliseconds.append((time.perf_counter() - start) * 1000)
    table = [np.percentile(each[WARM_UP:], (50, 90, 99)) for each in times]
    print(
        "| inference, one core, ms | size, MB | p50 | p90 | p99 | p50 ratio |\n" + "|---" * 6 + "|"
    )
    for file, row in zip(files, table, strict=True):
        cells = " | ".join(f"{value:.2f}" for value in row)
        size = file.stat().st_size / 1e6
        print(f"| {file.name} | {size:.2f} | {cells} | {row[0] / table[0][0]:.2f} |")


if __name__ == "__main__":
    main()

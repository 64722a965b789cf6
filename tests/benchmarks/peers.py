"""The same network and photos through other runtimes, in turns in one process.

    pip install -r tests/benchmarks/requirements.txt
    python tests/benchmarks/peers.py RUN FLOAT.onnx INT8.onnx FOLDER [--cores 1 2]

RUN is a folder of `pocketlens train`, the two files were exported from it without and with --int8,
FOLDER holds photos. Every side goes from a photo's bytes to probabilities. The others decode with
cv2.imdecode and resize with cv2.resize alone, which check and reject nothing; predict() reads the
header, applies limits and says how familiar the picture is. Prints milliseconds and ratios of the
medians over those of predict() with the int8 file, for each number of cores in its own process.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import cv2
import numpy as np

import pocketlens
from pocketlens.pictures.decoding import Pixels

TURNS, BLOCK, WARM_UP = 20, 25, 5
CALIBRATION = 100

Side = Callable[[bytes], Any]


def plain_input(data: bytes, size: tuple[int, int]) -> Pixels:
    pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    resized = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8)[np.newaxis]


def keras_sides(
    run: Path, size: tuple[int, int], photos: list[bytes], cores: int
) -> dict[str, Side]:
    import keras
    import tensorflow as tf
    from ai_edge_litert.interpreter import Interpreter

    tf.config.threading.set_intra_op_parallelism_threads(cores)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    network = keras.saving.load_model(run / "model.keras", compile=False)
    # The last layer is trained on logits, and has one more for "no class" where it can reject.
    answer = tf.function(
        lambda image: network(image, training=False),
        input_signature=[tf.TensorSpec((1, *size, 3), tf.uint8)],
    )
    sides: dict[str, Side] = {
        "Keras predict()": lambda data: network.predict(plain_input(data, size), verbose=0),
        "Keras __call__": lambda data: np.asarray(
            network(tf.constant(plain_input(data, size)), training=False)
        ),
        "tf.function": lambda data: answer(tf.constant(plain_input(data, size))).numpy(),
    }
    for name in ("float", "int8"):
        converter = tf.lite.TFLiteConverter.from_keras_model(network)
        if name == "int8":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                [plain_input(photo, size)] for photo in photos[:CALIBRATION]
            )
        interpreter = Interpreter(model_content=converter.convert(), num_threads=cores)
        interpreter.allocate_tensors()
        sides[f"LiteRT, {name}"] = litert_side(interpreter, size)
    return sides


def litert_side(interpreter: Any, size: tuple[int, int]) -> Side:
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]

    def ask(data: bytes) -> Any:
        interpreter.set_tensor(source, plain_input(data, size))
        interpreter.invoke()
        return interpreter.get_tensor(target)

    return ask


def openvino_sides(files: dict[str, Path], size: tuple[int, int], cores: int) -> dict[str, Side]:
    import openvino

    core = openvino.Core()
    sides: dict[str, Side] = {}
    for name, file in files.items():
        for precision in ("f32", "default"):
            settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": cores, "NUM_STREAMS": 1}
            if precision == "f32":
                settings["INFERENCE_PRECISION_HINT"] = "f32"
            compiled = core.compile_model(str(file), "CPU", settings)
            request = compiled.create_infer_request()

            def ask(data: bytes, request: Any = request, compiled: Any = compiled) -> Any:
                request.infer({0: plain_input(data, size)}, share_inputs=True)
                return request.get_tensor(compiled.output("probabilities")).data

            sides[f"OpenVINO, {name}, precision {precision}"] = ask
    return sides


def opencv_sides(files: dict[str, Path], size: tuple[int, int]) -> dict[str, Side]:
    sides: dict[str, Side] = {}
    for name, file in files.items():
        try:
            network = cv2.dnn.readNetFromONNX(str(file))

            def ask(data: bytes, network: Any = network) -> Any:
                network.setInput(plain_input(data, size), "image")
                return network.forward("probabilities")

            ask(cv2.imencode(".png", np.zeros((*size, 3), np.uint8))[1].tobytes())
        except cv2.error as error:
            print(f"cv2.dnn, {name}: does not run it ({str(error).splitlines()[0]:.120})\n")
            continue
        sides[f"cv2.dnn, {name}"] = ask
    return sides


def ask_ours(model: pocketlens.Classifier, data: bytes) -> list[float]:
    return list(model.predict(data).scores.values())


def measure(run: Path, files: dict[str, Path], photos: list[bytes], cores: int) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    cv2.setNumThreads(cores)
    models = {
        name: pocketlens.load_model(file, intra_op_num_threads=cores, allow_spinning=True)
        for name, file in files.items()
    }
    size = models["int8"].metadata.preprocessing.input_size
    sides: dict[str, Side] = {}
    for name, model in reversed(models.items()):
        sides[f"pocketlens predict(), {name}"] = partial(ask_ours, model)
    sides |= openvino_sides(files, size, cores) | keras_sides(run, size, photos, cores)
    sides |= opencv_sides(files, size)
    count = len(models["int8"].labels)
    times: dict[str, list[float]] = {name: [] for name in sides}
    labels: dict[str, list[int]] = {name: [] for name in sides}
    for turn in range(TURNS):
        # A side's threads still spin when the next one starts: the first answers do not count.
        block = [photos[(turn * BLOCK + i) % len(photos)] for i in range(BLOCK)]
        for name, ask in sides.items():
            for photo in block[:WARM_UP]:
                ask(photo)
            for photo in block:
                start = perf_counter()
                answer = ask(photo)
                times[name].append((perf_counter() - start) * 1000)
                labels[name].append(int(np.argmax(np.ravel(answer)[:count])))
    ours = next(iter(sides))
    base, truth = np.median(times[ours]), np.array(labels[ours])
    print(f"| {cores} core{'s' * (cores > 1)}, ms | p50 | p90 | p99 | p50 ratio | same label |")
    print("|---" * 6 + "|")
    for name, measured in times.items():
        p50, p90, p99 = np.percentile(measured, [50, 90, 99])
        same = (np.array(labels[name]) == truth).mean()
        print(f"| {name} | {p50:.2f} | {p90:.2f} | {p99:.2f} | {p50 / base:.2f} | {same:.1%} |")
    print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("float", type=Path)
    parser.add_argument("int8", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    if len(arguments.cores) > 1:
        names = "onnxruntime tensorflow keras ai-edge-litert openvino opencv-python-headless"
        libraries = ", ".join(f"{name} {version(name)}" for name in names.split())
        print(f"{platform.machine()}, {libraries}")
        print(f"{TURNS * BLOCK} answers a side, in turns of {BLOCK}\n", flush=True)
        for cores in arguments.cores:
            files = (arguments.run, arguments.float, arguments.int8, arguments.photos)
            paths = [str(file) for file in files]
            command = [sys.executable, __file__, *paths, "--cores", str(cores)]
            subprocess.run(command, check=True)
        return
    photos = [path.read_bytes() for path in sorted(arguments.photos.rglob("*.jpg"))]
    photos = [photo for photo in photos if photo][: TURNS * BLOCK]
    models = {"float": arguments.float, "int8": arguments.int8}
    measure(arguments.run, models, photos, arguments.cores[0])


if __name__ == "__main__":
    main()

"""An .onnx file -> a classifier."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pocketlens.classifier import Classifier
from pocketlens.engine.model_file import read_model
from pocketlens.engine.network import Network
from pocketlens.engine.providers import Provider
from pocketlens.errors import InputTypeError, ModelError
from pocketlens.pictures.files import DEFAULT_LIMITS, Limits

BUNDLED_MODEL = Path(__file__).parent / "models" / "cats-and-dogs.onnx"


def load_model(
    model: str | os.PathLike[str] | bytes | None = None,
    *,
    providers: Sequence[Provider] | None = None,
    intra_op_num_threads: int | None = None,
    allow_spinning: bool = False,
    min_familiarity: float | None = None,
    max_pixels: int = DEFAULT_LIMITS.max_pixels,
    max_bytes: int = DEFAULT_LIMITS.max_bytes,
) -> Classifier:
    """Loads an .onnx file written by `pocketlens export` or `teach`.

    Args:
        model: Path of the file, or its bytes; None loads the bundled cats-and-dogs model.
        providers: onnxruntime execution providers in order of preference, such as
            ["CUDAExecutionProvider", "CPUExecutionProvider"]. All of them must start. None takes
            CUDA where it works, else the CPU. A plugin, such as OpenVINOExecutionProvider of
            the package onnxruntime-ep-openvino, is found by its name.
        intra_op_num_threads: Threads of one inference, fewer where the system allows fewer. None
            takes one: a small network gains little by more, and loses where the machine has other
            work. predict_many() has a worker for each core in any case.
        allow_spinning: Whether several threads wait for work without sleeping: faster in a tight
            loop on idle cores, but each keeps a core busy for some time after every inference.
        min_familiarity: Pictures below it are rejected, 0 to 1; None takes the file's own
            threshold, which accepts 98 % of the validation pictures, 0 rejects nothing.
        max_pixels: Pictures with more are refused before they are decoded.
        max_bytes: Picture files with more are refused unread.

    Raises:
        FileMissingError: There is no such file.
        FileError: It is a folder or cannot be read.
        InputTypeError: `model` is no path.
        ModelError: It is not a model of ours, or one this version cannot run exactly.
        ProviderError: A provider that was asked for is not available or did not start.
        SettingError: intra_op_num_threads or a limit is no positive number, or min_familiarity
            none from 0 to 1, or the file has no familiarity to compare with.
        MissingExtraError: onnxruntime is not installed.

    Example:
        >>> model = load_model("flowers.onnx", min_familiarity=0.05)
    """
    if not isinstance(model, (str, os.PathLike, bytes, type(None))):
        raise InputTypeError(f"got {type(model).__name__}, expected the path of an .onnx file")
    limits = Limits(max_pixels, max_bytes)
    path: str | os.PathLike[str] | None = None
    if isinstance(model, bytes):
        content = model
    else:
        # Not a Path yet, which would make another URL of one.
        path = BUNDLED_MODEL if model is None else model
        content = read_model(path)
    try:
        threads = 1 if intra_op_num_threads is None else intra_op_num_threads
        network = Network(content, providers, threads, allow_spinning)
        return Classifier(network, min_familiarity, limits)
    except ModelError as error:
        if path is None:
            raise
        raise ModelError(f"{path}: {error}") from error

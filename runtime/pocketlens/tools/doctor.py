"""What a maintainer asks for in a bug report, with a verdict for each line."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

import pocketlens
from pocketlens.engine.cores import affinity_cores, cpu_quota, startable_threads, usable_cores
from pocketlens.engine.providers import CPU, CUDA, installed_plugins, installed_wheels, why_missing
from pocketlens.engine.session import import_onnxruntime
from pocketlens.errors import ModelError, PocketLensError
from pocketlens.extras import install_line, is_frozen
from pocketlens.loading import load_model
from pocketlens.metadata import SCHEMA_VERSION
from pocketlens.pictures.files import read_bytes
from pocketlens.tools.selftest import selftest

OK, NOTE, PROBLEM = "ok", "note", "PROBLEM"

_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd", "asimddp", "i8mm")
"""What int8 and float kernels of onnxruntime make use of, as /proc/cpuinfo calls them."""
_REMOTE = "AzureExecutionProvider"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was found, and whether it is as it should be."""

    topic: str
    verdict: str
    message: str


def examine(path: Path) -> Iterator[Finding]:
    """Looks at the installation, the machine and a model file.

    Args:
        path: The .onnx file.
    """
    yield Finding(
        "pocketlens",
        OK,
        f"{pocketlens.__version__}, reads metadata schemas up to {SCHEMA_VERSION}, "
        f"in {Path(pocketlens.__file__).parent}",
    )
    frozen = ", frozen" if is_frozen() else ""
    yield Finding("python", OK, f"{platform.python_version()} {sys.executable}{frozen}")
    yield Finding("system", OK, f"{platform.platform()} {_processor()}")
    yield Finding("libraries", OK, f"numpy {np.__version__}, OpenCV {cv2.__version__}")
    yield _wheels("opencv", installed_wheels("cv2"), "opencv-python-headless")
    yield _cpu_features()
    yield _threads()
    yield from _onnxruntime(path)
    yield from _model(path)


def _threads() -> Finding:
    quota, cores = cpu_quota(), usable_cores()
    message = (
        f"one for predict(), {cores} for predict_many() by default: {os.cpu_count()} cores, "
        f"{affinity_cores()} by affinity, quota {'none' if quota is None else f'{quota:g}'}"
    )
    startable = startable_threads(cores)
    if startable == cores:
        return Finding("threads", OK, message)
    return Finding("threads", NOTE, f"{message}; the system lets only {startable} more be started")


def _onnxruntime(path: Path) -> Iterator[Finding]:
    wheels = installed_wheels("onnxruntime")
    yield _wheels("onnxruntime", wheels, "onnxruntime or onnxruntime-gpu")
    try:
        onnxruntime = import_onnxruntime()
    except PocketLensError as error:
        yield Finding("providers", PROBLEM, str(error))
        return
    available = onnxruntime.get_available_providers()
    for name in available:
        if name != _REMOTE:
            yield _provider(name, path)
    if CUDA not in available:
        verdict = PROBLEM if len(wheels) > 1 else NOTE
        yield Finding(CUDA, verdict, f"not there: {why_missing(CUDA)}")
    for plugin in installed_plugins():
        yield Finding("plugin", NOTE, f"{plugin} {_version(plugin)}, taken when asked for by name")


def _provider(name: str, path: Path) -> Finding:
    try:
        load_model(path, providers=[name])
    except ModelError:
        return Finding(name, OK, "there; the model itself does not load")
    except PocketLensError as error:
        return Finding(name, PROBLEM if name == CPU else NOTE, str(error))
    return Finding(name, OK, "starts")


def _model(path: Path) -> Iterator[Finding]:
    try:
        model = load_model(path)
        yield Finding(
            "model",
            OK,
            f"{path} ({path.stat().st_size / 1e6:.2f} MB), {len(model.labels)} labels, on "
            f"{model.providers[0]}",
        )
        if not model.metadata.selftest:
            yield Finding("selftest", NOTE, "the file holds no pictures for it; export it again")
            return
        for check in selftest(model, read_bytes(path)):
            yield Finding(f"selftest {check.name}", OK if check.passed else PROBLEM, check.message)
    except PocketLensError as error:
        yield Finding("model", PROBLEM, str(error))


def _wheels(topic: str, found: list[str], expected: str) -> Finding:
    names = ", ".join(f"{name} {_version(name)}" for name in found)
    if not found and find_spec("cv2" if topic == "opencv" else topic):
        # A system's package, a frozen application: neither need hold a wheel's metadata.
        return Finding(topic, NOTE, f"there, but from no known wheel, expected {expected}")
    if not found:
        message = f"no wheel is installed, expected {expected}; {install_line('cpu')}"
        return Finding(topic, PROBLEM, message)
    if len(found) > 1:
        return Finding(
            topic,
            PROBLEM,
            f"{names} overwrite each other's files, expected one of them: pip uninstall -y "
            f"{' '.join(found)} and install {expected} again",
        )
    return Finding(topic, OK, names)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "of an unknown version"


def _processor() -> str:
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _cpu_features() -> Finding:
    lines = (line for line in _cpuinfo() if line.startswith(("flags", "Features")))
    flags = next(lines, "").partition(":")[2].split()
    found = [name for name in _FEATURES if name in flags]
    if not flags:
        return Finding("cpu", NOTE, "its features cannot be read on this system")
    return Finding(
        "cpu", OK if found else NOTE, f"has {', '.join(found) or 'no vector extensions'}"
    )


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return []

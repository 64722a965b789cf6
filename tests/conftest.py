from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pytest

from builders import colors_model, encode
from pocketlens.cli import main

EXAMPLES = Path(__file__).parents[1] / "demo" / "pocketlens_demo" / "examples"


def pytest_report_header() -> str:
    found = [platform.machine()]
    for name in ("pocketlens", "numpy", "opencv-python-headless", "onnxruntime", "keras", "gradio"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)


@pytest.fixture(scope="session")
def photos() -> list[Path]:
    return sorted(path for path in EXAMPLES.iterdir() if path.suffix in (".jpg", ".png"))


@pytest.fixture(scope="session")
def colors_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("model") / "colors.onnx"
    file.write_bytes(colors_model())
    return file


@pytest.fixture(scope="session")
def picture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 32 generated pictures that overlap a little, and the flaws of real sets."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for channel, label in enumerate(("red", "green", "blue")):
        (folder / label).mkdir()
        for number in range(32):
            color = random.normal(110, 15, 3)
            color[channel] += 40
            picture = random.normal(color, 20, (36, 48, 3)).clip(0, 255).astype(np.uint8)
            (folder / label / f"{number:02}.jpg").write_bytes(encode(picture, ".jpg"))
    (folder / "red" / "empty.jpg").write_bytes(b"")
    (folder / "green" / "text.jpg").write_text("This is no picture.")
    return folder


@pytest.fixture(scope="session")
def finished_run(picture_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network trained on picture_folder by the command line."""
    for library in ("keras", "sklearn", "matplotlib", "tqdm"):
        pytest.importorskip(library)
    run = tmp_path_factory.mktemp("runs") / "colors"
    options = ["--input-size", "32x40", "--color-mode", "rgb", "--epochs", "4", "--batch-size", "8"]
    assert main(["train", str(picture_folder), "--out", str(run), *options]) == 0
    return run


@pytest.fixture(scope="session")
def exported_model(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """finished_run as an .onnx file, exported by the command line."""
    for library in ("onnxruntime", "tensorflow", "tf2onnx"):
        pytest.importorskip(library)
    model = tmp_path_factory.mktemp("models") / "colors.onnx"
    assert main(["export", str(finished_run), "--out", str(model)]) == 0
    return model

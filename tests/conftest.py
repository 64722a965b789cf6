from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browsing import ARGUMENTS
from builders import PAINTS, colors_model, encode, paint
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
    """The tutorial's network trained on picture_folder by the command line."""
    for library in ("keras", "sklearn", "matplotlib", "tqdm"):
        pytest.importorskip(library)
    run = tmp_path_factory.mktemp("runs") / "colors"
    options = ["--arch", "tutorial", "--input-size", "32x40", "--color-mode", "rgb"]
    options += ["--epochs", "6", "--batch-size", "8"]
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


@pytest.fixture(scope="session")
def outlier_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen pictures of upright stripes, which are no colour, in two sub-folders, and a text."""
    folder = tmp_path_factory.mktemp("outliers")
    random = np.random.default_rng(1)
    for number in range(16):
        kind = folder / ("wide" if number % 2 else "narrow")
        kind.mkdir(exist_ok=True)
        stripes = random.integers(0, 256, (1, 12, 3)).repeat(36, 0).repeat(4, 1).astype(np.uint8)
        (kind / f"{number:02}.png").write_bytes(encode(stripes))
    (folder / "notes.txt").write_text("This is no picture.")
    return folder


@pytest.fixture(scope="session")
def unseen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pictures of checks, another kind of no colour."""
    folder = tmp_path_factory.mktemp("unseen")
    random = np.random.default_rng(2)
    for number in range(20):
        checks = random.integers(0, 256, (9, 12, 3)).repeat(4, 0).repeat(4, 1).astype(np.uint8)
        (folder / f"{number:02}.png").write_bytes(encode(checks))
    return folder


@pytest.fixture(scope="session")
def edge_run(
    picture_folder: Path, outlier_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The small network trained at once on picture_folder, with outliers, by the command line."""
    for library in ("keras", "sklearn", "matplotlib", "tqdm"):
        pytest.importorskip(library)
    run = tmp_path_factory.mktemp("runs") / "edge"
    options = ["--arch", "edge", "--folds", "1", "--crop-mode", "squash"]
    options += ["--input-size", "64", "--epochs", "3", "--batch-size", "8"]
    options += ["--outliers", str(outlier_folder)]
    assert main(["train", str(picture_folder), "--out", str(run), *options]) == 0
    return run


@pytest.fixture
def small_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for the default network, whose graph alone takes TensorFlow ten seconds to trace.

    With its recipe and the layers that teachers, familiarity and activation maps go by. All of it
    is trained, as with many pictures. Nothing is plotted.
    """
    keras = pytest.importorskip("keras")

    def build(input_shape: tuple[int | None, int | None, int], num_outputs: int) -> Any:
        image = keras.Input(input_shape, name="image", dtype="uint8")
        x = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(image)
        x = keras.layers.Conv2D(16, 5, strides=4, padding="same")(x)
        x = keras.layers.ReLU(6)(keras.layers.BatchNormalization()(x))
        x = keras.layers.Identity(name="bottleneck")(x)
        x = keras.layers.Conv2D(128, 1)(x)
        x = keras.layers.ReLU(6, name="feature_map")(keras.layers.BatchNormalization()(x))
        x = keras.layers.Conv2D(num_outputs, 1, name="activation_map")(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.Model(image, keras.layers.Softmax(name="probabilities")(x))

    monkeypatch.setattr("pocketlens_train.architectures.edge.build", build)
    monkeypatch.setattr("pocketlens_train.plan.MOST_IN_FOLDS", 0)
    monkeypatch.setattr("pocketlens_train.plots.write_plots", lambda *about: None)
    monkeypatch.setattr("pocketlens_train.train.write_report", lambda *about: None)


@pytest.fixture(scope="session")
def edge_model(
    edge_run: Path, unseen_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """edge_run as an .onnx file, exported by the command line."""
    for library in ("onnxruntime", "tensorflow", "tf2onnx"):
        pytest.importorskip(library)
    model = tmp_path_factory.mktemp("models") / "edge.onnx"
    command = ["export", str(edge_run), "--out", str(model), "--outliers", str(unseen_folder)]
    assert main(command) == 0
    return model


@pytest.fixture(scope="session")
def painted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of eight pictures that are easily told apart."""
    folder = tmp_path_factory.mktemp("painted")
    for label in PAINTS:
        paint(folder, label, 8)
    return folder


@pytest.fixture(scope="session")
def taught_model(painted_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red and green of painted_folder, by `pocketlens teach`."""
    for library in ("onnxruntime", "onnx", "sklearn"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("folders") / "two"
    folder.mkdir()
    for label in ("red", "green"):
        (folder / label).symlink_to(painted_folder / label, target_is_directory=True)
    out = tmp_path_factory.mktemp("models") / "two.onnx"
    assert main(["teach", str(folder), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def open_browser() -> Iterator[Callable[..., Any]]:
    """Starts Chromium, with more arguments if need be."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed (Debian: apt install chromium)")
    with sync_api.sync_playwright() as playwright:
        started = []

        def _open_browser(*more: str) -> Any:
            arguments = [*ARGUMENTS, *more]
            started.append(playwright.chromium.launch(executable_path=chromium, args=arguments))
            return started[-1]

        yield _open_browser
        for each in started:
            each.close()


@pytest.fixture(scope="session")
def browser(open_browser: Callable[..., Any]) -> Any:
    return open_browser()

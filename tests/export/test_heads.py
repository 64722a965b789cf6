"""What the exported graph adds to the network: temperature, familiarity, activation map."""

# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pocketlens

keras = pytest.importorskip("keras")
onnx = pytest.importorskip("onnx")
pytest.importorskip("tf2onnx")
pytest.importorskip("sklearn")

from pocketlens.calibration.gaussians import fit_gaussians
from pocketlens.calibration.temperature import fit_temperature
from pocketlens.metrics import log_loss, softmax
from pocketlens.pictures.preprocessing import Preprocessing, network_input
from pocketlens.run_folder import read_run
from pocketlens_export.conversion import load_keras, take_apart


def run_keras(network: Any, paths: list[Path], preprocessing: Preprocessing) -> dict[str, Any]:
    inputs = np.stack([network_input(path, preprocessing) for path in paths])
    return {name: np.asarray(values) for name, values in network(inputs, training=False).items()}


def test_graph_answers_what_the_network_says(edge_run: Path, edge_model: Path) -> None:
    network = take_apart(load_keras(edge_run / "model.keras"), 3)
    assert set(network.output) == {"logits", "places"}
    assert network.output["logits"].shape[1] == 4, "that of outliers"
    model = pocketlens.load_model(edge_model)
    metadata = model.metadata
    paths, _ = read_run(edge_run).pictures("test")
    expected = run_keras(network, paths, metadata.preprocessing)
    answers = model.predict(paths, explain=True)

    logits = expected["logits"]
    probabilities = softmax(logits[:, :3] / metadata.calibration.temperature)
    got = np.array([list(answer.scores.values()) for answer in answers])
    np.testing.assert_allclose(got, probabilities, atol=1e-4)

    maps = np.stack([np.asarray(answer.activation_map) for answer in answers])
    assert maps.shape == (len(paths), 2, 2, 3)
    np.testing.assert_allclose(maps, expected["places"][..., :3], atol=1e-3)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), logits[:, :3], atol=1e-3)

    raw = np.log(np.exp(logits[:, :3]).sum(axis=1)) - logits[:, 3]
    levels = np.interp(raw, metadata.familiarity.quantiles, metadata.familiarity.levels)
    assert np.ptp(levels) > 0.3, "constant answers would be equal for no reason"
    shares = [answer.familiarity or 0.0 for answer in answers]
    np.testing.assert_allclose(shares, levels, atol=1e-3)


def test_metadata_of_the_heads(edge_model: Path) -> None:
    metadata = pocketlens.load_model(edge_model).metadata
    assert metadata.familiarity.method == "log-odds against outliers"
    assert metadata.familiarity.threshold == pytest.approx(0.02)
    assert metadata.familiarity.rejection.outliers == 20
    assert 0 <= metadata.familiarity.rejection.auroc <= 1
    assert metadata.calibration.after.log_loss == metadata.metrics.log_loss
    assert set(metadata.metrics.robustness) == {"grayscale", "brightness 0.4"}
    bins = metadata.metrics.reliability
    assert sum(each.images for each in bins) == metadata.metrics.images
    assert metadata.metrics.risk_coverage[0].accuracy == metadata.metrics.accuracy
    command = metadata.training.export
    assert command.startswith("pocketlens export edge --outliers unseen")


def test_calibration_before_is_without_the_temperature(edge_run: Path, edge_model: Path) -> None:
    run = read_run(edge_run)
    paths, truth = run.pictures("test")
    network = take_apart(load_keras(run.model), 3)
    logits = run_keras(network, paths, run.metadata.preprocessing)["logits"][:, :3]
    before = pocketlens.load_model(edge_model).metadata.calibration.before
    assert before.log_loss == pytest.approx(log_loss(truth, softmax(logits)), abs=1e-4)


def test_temperature_is_found() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (4000, 3)).astype(np.float32)
    truth = np.array([random.choice(3, p=row) for row in softmax(logits)])
    assert fit_temperature(3 * logits, truth) == pytest.approx(3, rel=0.05)
    assert fit_temperature(logits / 2, truth) == pytest.approx(0.5, rel=0.05)


def test_temperature_where_all_answers_are_right() -> None:
    truth = np.arange(60) % 2
    logits = 4 * np.eye(2, dtype=np.float32)[truth]
    surest = softmax(logits / fit_temperature(logits, truth)).max()
    # As if one more picture were of unknown class.
    assert surest == pytest.approx(60.5 / 61, abs=1e-3)


def test_temperature_that_does_not_help_is_left_out() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(200, 4)) * 2
    truth = np.array([random.choice(4, p=each) for each in softmax(logits)])
    # These probabilities are right as they are; of three pictures nothing can be learnt.
    assert fit_temperature(logits, truth) == pytest.approx(1, abs=0.15)
    assert fit_temperature(4 * np.eye(2)[[0, 1, 0]], np.array([0, 1, 0])) == 1
    assert fit_temperature(logits * 3, truth) == pytest.approx(3, rel=0.2)


def test_distance_is_mahalanobis() -> None:
    random = np.random.default_rng(0)
    mixing = random.normal(size=(3, 3))
    centers = np.array([[0, 0, 0], [40, 0, 0]])
    truth = np.repeat([0, 1], 4000)
    features = (centers[truth] + random.normal(size=(8000, 3)) @ mixing).astype(np.float32)
    points = np.array([[0, 0, 0], [40, 0, 0], [20, 5, -5]], np.float32)
    got = np.asarray(fit_gaussians(features, truth).distance(points))
    precision = np.linalg.inv(mixing.T @ mixing)
    expected = [
        min((point - center) @ precision @ (point - center) for center in centers)
        for point in points
    ]
    assert got[:2] == pytest.approx(expected[:2], abs=0.05)
    assert got[2] == pytest.approx(expected[2], rel=0.1)


@pytest.mark.usefixtures("small_edge")
def test_network_without_outliers_has_familiarity_too(picture_folder: Path, tmp_path: Path) -> None:
    from pocketlens.cli import main

    options = ["--arch", "edge", "--folds", "1", "--input-size", "48", "--epochs", "1"]
    run, file = tmp_path / "run", tmp_path / "m.onnx"
    assert main(["train", str(picture_folder), "--out", str(run), *options]) == 0
    assert main(["export", str(run), "--out", str(file)]) == 0
    model = pocketlens.load_model(file)
    assert model.metadata.familiarity.method == "distance to the classes' Gaussians"
    paths, _ = read_run(run).pictures("validation")
    shares = [answer.familiarity or 0 for answer in model.predict(paths)]
    assert max(shares) > 0.8
    checkers = np.indices((64, 64)).sum(axis=0) // 4 % 2 * 255
    strange: Any = checkers.astype(np.uint8)
    assert model.predict(strange).rejected


def test_tutorial_network_has_calibration_alone(exported_model: Path) -> None:
    model = pocketlens.load_model(exported_model)
    assert model.metadata.calibration.temperature > 0
    assert model.metadata.familiarity is None
    assert [node.name for node in onnx.load(exported_model).graph.output] == ["probabilities"]

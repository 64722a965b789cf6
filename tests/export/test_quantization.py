# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr, index"
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pocketlens
from pocketlens.cli import main

onnx = pytest.importorskip("onnx")
pytest.importorskip("tf2onnx")
pytest.importorskip("sklearn")

from pocketlens.metadata import KEY
from pocketlens.run_folder import read_run
from pocketlens_export.quantization import quantize


@pytest.fixture(scope="module")
def int8_model(edge_run: Path, edge_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """edge_model quantized, whatever that changes."""
    run, folder = read_run(edge_run), tmp_path_factory.mktemp("int8")
    model = quantize(onnx.load(edge_model), run.pictures("train")[0], run.metadata.preprocessing)
    text = pocketlens.load_model(edge_model).metadata.to_json()
    onnx.helper.set_model_props(model, {KEY: text})
    onnx.save(model, folder / "m.onnx")
    return folder / "m.onnx"


def test_weights_have_seven_bits_and_both_ends_are_float(int8_model: Path) -> None:
    graph = onnx.load(int8_model).graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kernels = [a for a in arrays.values() if a.dtype == np.int8 and a.ndim == 4]
    assert len(kernels) == 36
    assert max(int(np.abs(kernel.astype(int)).max()) for kernel in kernels) <= 64
    producer = {name: node for node in graph.node for name in node.output}
    activation_map = next(
        node for node in graph.node if node.op_type == "Conv" and "activation_map" in node.name
    )
    assert arrays[activation_map.input[1]].dtype == np.float32
    first = next(node for node in graph.node if node.op_type == "Conv")
    assert arrays[first.input[1]].shape[1] == 3
    assert arrays[first.input[1]].dtype == np.float32
    softmax = next(node for node in graph.node if node.op_type == "Softmax")
    assert producer[softmax.input[0]].op_type not in ("DequantizeLinear", "QuantizeLinear")


def test_int8_answers_nearly_as_float(int8_model: Path, edge_model: Path, edge_run: Path) -> None:
    assert int8_model.stat().st_size < edge_model.stat().st_size / 2.5
    paths, _ = read_run(edge_run).pictures("test")
    plain, small = (
        np.array([list(p.scores.values()) for p in pocketlens.load_model(file).predict(paths)])
        for file in (edge_model, int8_model)
    )
    assert np.ptp(plain, axis=0).min() > 0.1
    assert 0 < np.abs(plain - small).max() < 0.2
    assert np.abs(plain - small).mean() < 0.05


def test_refused_int8_shows_its_table_and_leaves_the_float_file(
    finished_run: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pocketlens_export.evaluation.latency_ratio", lambda *_: 1.25)
    out, in_float = tmp_path / "m.onnx", tmp_path / "m-float.onnx"
    out.write_text("the file of an earlier export")
    assert main(["export", str(finished_run), "--int8", "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert "labels flipped" in captured.out
    assert "of that in float, one core" in captured.out
    assert "pocketlens: error: int8 is no good: " in captured.err
    assert f"export without --int8: {in_float} is the file in float" in captured.err
    assert out.read_text() == "the file of an earlier export"
    assert sorted(tmp_path.iterdir()) == [in_float, out]
    metadata = pocketlens.load_model(in_float).metadata
    assert metadata.int8 is None
    assert metadata.metrics.images == 29
    assert "--int8" not in metadata.training.export


def test_good_int8_is_recorded(
    edge_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With limits that a quarter-trained network on a busy machine keeps."""
    monkeypatch.setattr("pocketlens_export.evaluation.latency_ratio", lambda *_: 0.6)
    monkeypatch.setattr("pocketlens_export.int8_gate.CHANCE", 0.0)
    out = tmp_path / "m.onnx"
    assert main(["export", str(edge_run), "--int8", "--out", str(out)]) == 0
    metadata = pocketlens.load_model(out).metadata
    assert metadata.int8.latency_ratio == 0.6
    assert metadata.int8.images == 29
    assert metadata.int8.accuracy[1] == metadata.metrics.accuracy
    assert metadata.int8.bytes[1] < metadata.int8.bytes[0] / 2.5
    assert metadata.int8.log_loss[1] == pytest.approx(metadata.metrics.log_loss)
    assert metadata.int8.calibration_error[1] == pytest.approx(metadata.metrics.calibration_error)
    assert "--int8" in metadata.training.export

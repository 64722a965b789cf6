from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pocketlens
from builders import COLORS
from pocketlens.cli import main

onnx = pytest.importorskip("onnx")
pytest.importorskip("tf2onnx")
keras = pytest.importorskip("keras")

import pocketlens_export.export as export_module
from pocketlens.decoding import decode
from pocketlens.errors import ExportError
from pocketlens.preprocessing import preprocess
from pocketlens_export.checks import check_graph
from pocketlens_export.conversion import convert
from pocketlens_export.parity import check_parity
from pocketlens_export.run_folder import Run


@pytest.fixture
def run_copy(finished_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished_run, tmp_path / "run"))


def test_interface_of_the_graph(exported_model: Path) -> None:
    graph = onnx.load(exported_model).graph
    image, probabilities = graph.input[0], graph.output[0]
    assert [node.name for node in graph.input] == ["image"]
    assert [node.name for node in graph.output] == ["probabilities"]
    assert image.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    shape = image.type.tensor_type.shape.dim
    assert shape[0].dim_param
    assert [side.dim_value for side in shape[1:]] == [32, 40, 3]
    assert probabilities.type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_answers_are_those_of_keras(
    exported_model: Path, finished_run: Path, picture_folder: Path
) -> None:
    model = pocketlens.load_model(exported_model)
    pictures = sorted(picture_folder.glob("*/[0-9]*.jpg"))
    answers = model.predict(list(pictures))
    inputs = np.stack([preprocess(decode(path), model.metadata.preprocessing) for path in pictures])
    expected = keras.saving.load_model(finished_run / "model.keras").predict(inputs, verbose=0)
    got = np.array([list(answer.scores.values()) for answer in answers])
    assert np.ptp(expected, axis=0).min() > 0.3, "constant answers would be equal for no reason"
    assert 0.4 < np.median(expected.max(axis=1)) < 0.99, "and so would saturated ones"
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_metadata_travels(exported_model: Path, finished_run: Path) -> None:
    record = json.loads((finished_run / "record.json").read_text(encoding="utf-8"))["metadata"]
    metadata = pocketlens.load_model(exported_model).metadata
    travelled = json.loads(metadata.to_json())
    for key in ("labels", "preprocessing", "metrics", "history", "training", "data"):
        assert travelled[key] == record[key]
    assert metadata.parity["images"] == 96
    assert metadata.parity["max_abs_difference"] <= 1e-4
    assert metadata.parity["top1_agreement"] == 1
    assert {"tf2onnx", "onnx", "keras", "python"} <= set(metadata.versions)
    assert str(finished_run) not in metadata.to_json()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("rmtree", "does not exist"),
        ("no record", "expected a folder that `pocketlens train` has finished"),
        ("bad record", "cannot be read"),
        ("later schema", "schema version 99"),
        ("no split", "cannot be read"),
        ("bad model", "cannot load it"),
        ("pictures gone", "of the 96 pictures that the export is checked on are gone"),
    ],
)
def test_broken_runs(
    damage: str, reason: str, run_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = run_copy / "record.json"
    content = json.loads(record.read_text(encoding="utf-8"))
    if damage == "rmtree":
        shutil.rmtree(run_copy)
    elif damage == "no record":
        record.unlink()
    elif damage == "bad record":
        record.write_text("{}")
    elif damage == "later schema":
        content["metadata"]["schema_version"] = 99
        record.write_text(json.dumps(content))
    elif damage == "no split":
        record.write_text(json.dumps(content | {"split": {}}))
    elif damage == "bad model":
        (run_copy / "model.keras").write_bytes(b"no zip")
    elif damage == "pictures gone":
        record.write_text(json.dumps(content | {"folder": str(tmp_path / "gone")}))
    assert main(["export", str(run_copy), "--out", str(tmp_path / "m.onnx")]) == 1
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir() if path.name != "run"] == []


def test_file_that_differs_from_keras_is_not_put_in_place(
    run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "m.onnx"
    out.write_text("the file of an earlier export")

    def convert_wrongly(*arguments: Any) -> Any:
        model = convert(*arguments)
        kernel = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 4)
        values = onnx.numpy_helper.to_array(kernel) * 1.2
        kernel.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), kernel.name))
        return model

    monkeypatch.setattr(export_module, "convert", convert_wrongly)
    with pytest.raises(ExportError, match="check 'parity' failed: over 96 pictures"):
        export_module.export(run_copy, out)
    assert out.read_text() == "the file of an earlier export"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.onnx", "run"]


def test_out_that_cannot_be_written(
    run_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(run_copy), "--out", str(tmp_path / "no" / "m.onnx")]) == 1
    assert "m.onnx: expected the name of a file in a folder that exists" in capsys.readouterr().err
    (tmp_path / "folder.onnx").mkdir()
    assert main(["export", str(run_copy), "--out", str(tmp_path / "folder.onnx")]) == 1
    assert "folder.onnx: expected the name of a file" in capsys.readouterr().err


def edited(file: Path, edit: str) -> Any:
    model = onnx.load(file)
    graph = model.graph
    if edit == "batch":
        graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    elif edit == "operator":
        graph.node[0].domain = "com.example"
        model.opset_import.append(onnx.helper.make_opsetid("com.example", 1))
    elif edit == "unknown operator":
        graph.node[0].op_type = "RandomFlip"
    elif edit == "input":
        graph.input.append(onnx.helper.make_tensor_value_info("extra", 1, [1]))
    elif edit == "output":
        graph.output[0].name = graph.node[-1].output[0] = "Identity:0"
    return model


def test_pictures_are_of_all_classes(tmp_path: Path) -> None:
    names = [f"{label}/{number:03}.jpg" for label in "abc" for number in range(300)]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    split = {"train": [], "validation": names[:150], "test": names[150:]}
    chosen = Run(tmp_path / "model.keras", COLORS, tmp_path, split).pictures(256)
    counts = Counter(path.parent.name for path in chosen)
    assert len(set(chosen)) == 256
    assert counts["a"] in (51, 52)
    assert min(counts["b"], counts["c"]) >= 102


@pytest.mark.parametrize(
    ("edit", "check"),
    [
        ("batch", "batch size"),
        ("operator", "operators"),
        ("unknown operator", "onnx checker"),
        ("input", "inputs"),
        ("output", "outputs"),
    ],
)
def test_graphs_that_are_refused(edit: str, check: str, exported_model: Path) -> None:
    check_graph(onnx.load(exported_model))
    with pytest.raises(ExportError, match=f"check '{check}' failed"):
        check_graph(edited(exported_model, edit))


@pytest.mark.parametrize(
    ("difference", "agreement", "passes"),
    [(1e-5, 1.0, True), (2e-4, 1.0, False), (float("nan"), 1.0, False), (1e-5, 0.99, False)],
)
def test_limits_of_parity(difference: float, agreement: float, passes: bool) -> None:
    parity = {"max_abs_difference": difference, "top1_agreement": agreement, "images": 256}
    if passes:
        check_parity(parity)
    else:
        with pytest.raises(ExportError, match="check 'parity' failed"):
            check_parity(parity)

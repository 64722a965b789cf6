# A part of the metadata that is not there fails the test as well.
# mypy: disable-error-code="union-attr"
from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
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
tensorflow = pytest.importorskip("tensorflow")

import pocketlens_export.export as export_module
import pocketlens_export.parity as parity_module
from pocketlens.engine.network import Network
from pocketlens.errors import ExportError
from pocketlens.metadata.conversion import Parity
from pocketlens.metrics import softmax
from pocketlens.pictures.preprocessing import network_input
from pocketlens.run_folder import Run
from pocketlens.tools.selftest import selftest
from pocketlens_export import building
from pocketlens_export.conversion import convert
from pocketlens_export.graph import Heads
from pocketlens_export.graph_checks import check_graph
from pocketlens_export.parity import check_parity, measure_parity
from pocketlens_export.unseen_outliers import unseen_outliers


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
    inputs = np.stack([network_input(path, model.metadata.preprocessing) for path in pictures])
    uncalibrated = keras.saving.load_model(finished_run / "model.keras").predict(inputs, verbose=0)
    expected = uncalibrated ** (1 / model.metadata.calibration.temperature)
    expected /= expected.sum(axis=1, keepdims=True)
    got = np.array([list(answer.scores.values()) for answer in answers])
    assert np.ptp(expected, axis=0).min() > 0.3, "constant answers would be equal for no reason"
    assert 0.4 < np.median(expected.max(axis=1)) < 0.99, "and so would saturated ones"
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_metadata_travels(exported_model: Path, finished_run: Path) -> None:
    record = json.loads((finished_run / "record.json").read_text(encoding="utf-8"))["metadata"]
    metadata = pocketlens.load_model(exported_model).metadata
    travelled = json.loads(metadata.to_json())
    for key in ("labels", "preprocessing", "history", "data"):
        assert travelled[key] == record[key]
    # The same pictures through another network: calibration moves no label.
    for key in ("accuracy", "confusion_matrix", "images"):
        assert travelled["metrics"][key] == record["metrics"][key]
    assert metadata.parity.images == 29
    assert metadata.parity.max_abs_difference <= 1e-4
    assert metadata.parity.top1_agreement == 1
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
        ("bad model", "is damaged, expected the model.keras"),
        ("pictures gone", "29 of 29 test pictures of the run are gone"),
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
        record.write_text(json.dumps(content | {"test_folder": str(tmp_path / "gone")}))
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

    monkeypatch.setattr(building, "convert", convert_wrongly)
    with pytest.raises(ExportError, match="check 'parity' failed: over 29 pictures"):
        export_module.export(run_copy, out, export_module.Settings(False, None, None))
    assert out.read_text() == "the file of an earlier export"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.onnx", "run"]


def test_parity_is_of_all_pictures_in_batches_of_both_sizes(
    exported_model: Path, picture_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = pocketlens.load_model(exported_model)
    preprocessing = model.metadata.preprocessing
    pictures = sorted(picture_folder.glob("*/[0-9]*.jpg"))[:13]
    asked: list[int] = []

    class Counting(Network):
        def run(self, outputs: Any, inputs: Any) -> list[Any]:
            asked.append(len(inputs["image"]))
            return super().run(outputs, inputs)

    def network(image: Any, training: bool) -> Any:
        """Another one than that of the file, so that each picture differs by a known value."""
        mean = tensorflow.reduce_mean(tensorflow.cast(image, "float32"), (1, 2)) / 100
        return {"logits": mean[:, : len(model.labels)]}

    inputs = np.stack([network_input(path, preprocessing) for path in pictures])
    heads = Heads(len(model.labels), 1.0, False, None)
    expected = softmax(inputs.mean(axis=(1, 2))[:, : len(model.labels)] / 100)
    got = np.array([list(answer.scores.values()) for answer in model.predict(list(pictures))])
    largest = np.abs(expected - got).max(axis=1)

    monkeypatch.setattr(parity_module, "Network", Counting)
    # Wherever the picture that differs most stands, it is found.
    for order in (np.argsort(largest), np.argsort(-largest)):
        asked.clear()
        ordered = [pictures[index] for index in order]
        parity = measure_parity(network, heads, onnx.load(exported_model), ordered, preprocessing)
        assert sorted(asked) == [1, 1, 1, 5, 5]
        assert parity.batch_sizes == (1, 5)
        assert parity.images == 13
        assert parity.max_abs_difference == pytest.approx(largest.max(), abs=1e-5)


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
    labels = COLORS.labels
    names = [f"{label}/{number:03}.jpg" for label in labels for number in range(300)]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    split = {"train": [], "validation": names[:150], "test": names[150:]}
    run = Run(tmp_path / "model.keras", COLORS, tmp_path / "gone", tmp_path, split)
    chosen, classes = run.pictures("test", 256)
    counts = Counter(path.parent.name for path in chosen)
    assert len(set(chosen)) == 256
    assert counts[labels[0]] in (51, 52)
    assert min(counts[labels[1]], counts[labels[2]]) >= 102
    assert [labels[target] for target in classes] == [path.parent.name for path in chosen]
    assert len(run.pictures("test")[0]) == 750


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
    check_graph(onnx.load(exported_model), {"probabilities"})
    with pytest.raises(ExportError, match=f"check '{check}' failed"):
        check_graph(edited(exported_model, edit), {"probabilities"})


@pytest.mark.parametrize(
    ("difference", "agreement", "passes"),
    [(1e-5, 1.0, True), (2e-4, 1.0, False), (float("nan"), 1.0, False), (1e-5, 0.99, False)],
)
def test_limits_of_parity(difference: float, agreement: float, passes: bool) -> None:
    parity = Parity(difference, agreement, 256, atol=1e-4)
    if passes:
        check_parity(parity)
        with pytest.raises(ExportError, match=r"other outputs by 2\.0e-03"):
            check_parity(replace(parity, max_rel_difference=2e-3))
    else:
        with pytest.raises(ExportError, match="check 'parity' failed"):
            check_parity(parity)


def test_three_training_pictures_calibrate_int8(
    run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine, whose latency is left out."""
    monkeypatch.setattr("pocketlens_export.evaluation.latency_ratio", lambda *_: 0.6)
    record = run_copy / "record.json"
    content = json.loads(record.read_text(encoding="utf-8"))
    content["split"]["train"] = content["split"]["train"][::30]
    record.write_text(json.dumps(content))
    out = tmp_path / "m.onnx"
    assert main(["export", str(run_copy), "--int8", "--out", str(out)]) == 0
    assert pocketlens.load_model(out).metadata.int8 is not None


def test_system_files_are_no_outliers(unseen_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(unseen_folder, tmp_path / ".cache" / "unseen")
    shutil.copytree(unseen_folder, folder / "@eaDir" / "00.png")
    shutil.copy(unseen_folder / "00.png", folder / "._00.png")
    assert len(unseen_outliers(folder, frozenset(), COLORS.preprocessing)) == 20


def test_outliers_that_cannot_be_measured_on(
    finished_run: Path,
    edge_run: Path,
    outlier_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("no picture")
    for run, folder, reason in (
        (edge_run, tmp_path / "missing", "no such folder"),
        (edge_run, tmp_path / "texts", "holds no picture"),
        (edge_run, outlier_folder, "16 of 16 pictures were outliers in training"),
        (finished_run, outlier_folder, "architecture 'tutorial' cannot reject pictures"),
    ):
        command = ["export", str(run), "--out", str(tmp_path / "m.onnx")]
        assert main([*command, "--outliers", str(folder)]) == 1
        assert reason in capsys.readouterr().err
    assert not (tmp_path / "m.onnx").exists()


def test_about_that_is_no_text(
    run_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content, reason in ((b"\xff\xfe\x00", "no UTF-8 text"), (b"a\x1b[31m", "unprintable")):
        (tmp_path / "about.md").write_bytes(content)
        command = ["export", str(run_copy), "--out", str(tmp_path / "m.onnx")]
        assert main([*command, "--about", str(tmp_path / "about.md")]) == 1
        assert reason in capsys.readouterr().err


def test_tutorial_network_with_outliers_can_reject(
    picture_folder: Path, outlier_folder: Path, tmp_path: Path
) -> None:
    run, file = tmp_path / "run", tmp_path / "m.onnx"
    options = ["--arch", "tutorial", "--input-size", "32", "--epochs", "1"]
    options += ["--outliers", str(outlier_folder)]
    assert main(["train", str(picture_folder), "--out", str(run), *options]) == 0
    assert main(["export", str(run), "--out", str(file)]) == 0
    model = pocketlens.load_model(file)
    assert model.metadata.familiarity.method == "log-odds against outliers"
    assert model.predict(sorted(picture_folder.glob("*/0*.jpg"))[0]).familiarity is not None


def test_exported_files_pass_their_selftest(exported_model: Path, edge_model: Path) -> None:
    for file in (exported_model, edge_model):
        checks = selftest(pocketlens.load_model(file), file.read_bytes())
        assert [check.name for check in checks] == ["file", "kernels", "resize", "decode"]
        assert all(check.passed for check in checks), checks

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import pocketlens
from pocketlens.cli import main
from pocketlens.loading import BUNDLED_MODEL


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    assert main(["export", str(BUNDLED_MODEL), "--triton", str(tmp_path / "models")]) == 0
    return tmp_path / "models"


def config(folder: Path) -> Any:
    """Read by Triton's own protobuf, which refuses a field that it does not know."""
    triton = pytest.importorskip("tritonclient.grpc.model_config_pb2")
    text_format = pytest.importorskip("google.protobuf.text_format")
    return text_format.Parse((folder / "config.pbtxt").read_text(), triton.ModelConfig())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_config_of_the_picture_model(repository: Path) -> None:
    found = config(repository / "cats-and-dogs")
    assert (found.name, found.backend, found.max_batch_size) == ("cats-and-dogs", "python", 64)
    assert [(each.name, list(each.dims)) for each in found.input] == [("image", [1])]
    assert [(each.name, list(each.dims)) for each in found.output] == [
        ("label", [1]),
        ("score", [1]),
        ("scores", [2]),
        ("rejected", [1]),
        ("familiarity", [1]),
    ]
    assert found.HasField("dynamic_batching")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_config_of_the_network(repository: Path) -> None:
    import onnxruntime

    folder = repository / "cats-and-dogs-network"
    found = config(folder)
    session = onnxruntime.InferenceSession(str(folder / "1" / "model.onnx"))
    assert found.backend == "onnxruntime"
    for tensors, nodes in (
        (found.input, session.get_inputs()),
        (found.output, session.get_outputs()),
    ):
        assert all(each.dims for each in tensors), "Triton wants one size at least"
        sizes = [
            list(each.reshape.shape if each.HasField("reshape") else each.dims) for each in tensors
        ]
        assert [each.name for each in tensors] == [node.name for node in nodes]
        assert sizes == [node.shape[1:] for node in nodes]
    [labelled] = [each for each in found.output if each.label_filename]
    assert labelled.name == "probabilities"
    assert (folder / labelled.label_filename).read_text() == "cat\ndog\n"


class Tensor(SimpleNamespace):
    def __init__(self, name: str, array: Any) -> None:
        super().__init__(name=name, array=array)

    def as_numpy(self) -> Any:
        return self.array


def load(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The model as Triton loads it; stands in for what Triton gives it."""
    triton = ModuleType("triton_python_backend_utils")
    vars(triton).update(
        Tensor=Tensor,
        TritonError=lambda text: text,
        InferenceResponse=lambda output_tensors, error=None: (output_tensors, error),
        get_input_tensor_by_name=lambda request, name: request[name],
    )
    monkeypatch.setitem(sys.modules, triton.__name__, triton)
    file = repository / "cats-and-dogs" / "1" / "model.py"
    spec = importlib.util.spec_from_file_location("model", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.TritonPythonModel()
    folder = repository / "cats-and-dogs"
    model.initialize({"model_repository": str(folder), "model_version": "1"})
    return model


def test_picture_model_answers_as_predict_does(
    repository: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(repository, monkeypatch)
    contents = [photo.read_bytes() for photo in photos[:3]]
    requests = [
        {"image": Tensor("image", np.array([[each] for each in group], object))}
        for group in (contents[:2], [b"no picture"], contents[2:])
    ]
    (first, none), (nothing, error), (last, _) = model.execute(requests)
    assert none is None
    assert nothing == []
    assert error.startswith("picture 0: ")
    expected = pocketlens.load_model().predict(contents)
    rows = [{tensor.name: tensor.array[index] for tensor in first} for index in range(2)]
    rows.append({tensor.name: tensor.array[0] for tensor in last})
    for row, answer in zip(rows, expected, strict=True):
        assert row["label"][0].decode() == answer.label
        assert row["score"][0] == pytest.approx(answer.score, abs=1e-6)
        assert row["scores"].tolist() == pytest.approx(list(answer.scores.values()), abs=1e-6)
        assert bool(row["rejected"][0]) == answer.rejected
        assert row["familiarity"][0] == pytest.approx(answer.familiarity, abs=1e-6)


def test_model_that_is_there_stays(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (repository / "cats-and-dogs" / "config.pbtxt").stat().st_mtime_ns
    assert main(["export", str(BUNDLED_MODEL), "--triton", str(repository)]) == 1
    assert "cats-and-dogs: is there already; remove it, or name" in capsys.readouterr().err
    assert (repository / "cats-and-dogs" / "config.pbtxt").stat().st_mtime_ns == before
    assert len(list(repository.iterdir())) == 2


def test_run_folder_is_no_file(
    tmp_path: Path, finished_run_record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(finished_run_record), "--triton", str(tmp_path / "models")]) == 1
    assert "is a run folder; `pocketlens export FOLDER --out FILE.onnx`" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


@pytest.fixture
def finished_run_record(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "record.json").write_text("{}")
    return tmp_path / "run"


def test_options_of_out_do_not_go_with_triton(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["export", str(BUNDLED_MODEL), "--triton", str(tmp_path / "models"), "--int8"]
    assert main(command) == 1
    assert "--int8 goes with --out" in capsys.readouterr().err


def test_out_or_triton(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["export", "run"])
    assert "one of the arguments --out --triton is required" in capsys.readouterr().err

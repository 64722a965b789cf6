from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pocketlens
from builders import DATA, colors_model, encode, plain
from pocketlens.errors import (
    FileError,
    FileMissingError,
    ImageError,
    InputTypeError,
    ModelError,
    ProviderError,
    SettingError,
)


@pytest.fixture(scope="module")
def colors(colors_file: Path) -> pocketlens.Classifier:
    return pocketlens.load_model(colors_file)


def test_probabilities_are_those_worked_out_by_hand(colors: pocketlens.Classifier) -> None:
    answer = colors.predict(plain(255, 51, 0))
    powers = np.exp([10.0, 2.0, 0.0])
    expected = powers / powers.sum()
    assert answer.label == "red"
    assert list(answer.scores) == ["red", "green", "blue"]
    np.testing.assert_allclose(list(answer.scores.values()), expected, atol=1e-6)
    assert answer.score == answer.scores["red"]
    assert [label for label, _ in answer.top_k(2)] == ["red", "green"]


def test_an_answer_as_json_types() -> None:
    answer = pocketlens.Prediction.from_probabilities(
        ("a", "b", "c"), [0.2, 0.5, 0.3], familiarity=0.5
    )
    assert json.dumps(answer.to_dict()) == (
        '{"label": "b", "score": 0.5, "scores": {"a": 0.2, "b": 0.5, "c": 0.3}, '
        '"rejected": false, "familiarity": 0.5}'
    )
    assert json.dumps(answer.to_dict(2)["scores"]) == '{"b": 0.5, "c": 0.3}'


def test_list_in_list_out(colors: pocketlens.Classifier, tmp_path: Path) -> None:
    file = tmp_path / "green.png"
    file.write_bytes(encode(plain(0, 255, 0)))
    images = [plain(255, 0, 0), file, str(file), encode(plain(0, 0, 255))]
    answers = colors.predict(images)
    assert [answer.label for answer in answers] == ["red", "green", "green", "blue"]
    assert answers[0] == colors.predict(images[0])
    assert colors.predict((file,)) == answers[1:2]
    assert colors.predict([]) == []


def test_bad_picture_in_a_batch_is_named(colors: pocketlens.Classifier, tmp_path: Path) -> None:
    good = plain(255, 0, 0)
    with pytest.raises(ImageError, match=r"images\[2\]: empty"):
        colors.predict([good, good, b""])
    with pytest.raises(FileMissingError, match=r"images\[1\]: .*missing\.jpg: no such file"):
        colors.predict([good, tmp_path / "missing.jpg"])
    with pytest.raises(InputTypeError, match=r"images\[0\]: "):
        colors.predict([good.astype(float)])


def test_one_bad_picture_has_no_index(colors: pocketlens.Classifier) -> None:
    with pytest.raises(ImageError, match=r"^empty"):
        colors.predict(b"")


def test_what_a_model_says_of_itself(colors: pocketlens.Classifier) -> None:
    assert colors.labels == ("red", "green", "blue")
    assert colors.metadata.preprocessing.input_size == (8, 8)
    assert "CPUExecutionProvider" in colors.providers


def test_threads_share_a_classifier(colors: pocketlens.Classifier) -> None:
    pictures = [plain(red, 255 - red, 90) for red in range(0, 256, 2)]
    serial = [colors.predict(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(colors.predict, pictures)) == serial


def test_bundled_model_answers_for_real_photos(photos: list[Path]) -> None:
    model = pocketlens.load_model()
    assert model.labels == ("cat", "dog")
    answers = model.predict(list(photos))
    assert len(answers) == len(photos) > 3
    for photo, answer in zip(photos, answers, strict=True):
        assert sum(answer.scores.values()) == pytest.approx(1, abs=1e-5)
        assert answer.score > 0.5
        one = model.predict(photo)
        assert one.scores == pytest.approx(answer.scores, abs=1e-5)


def test_path_of_no_model(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError, match=r"missing\.onnx: no such file"):
        pocketlens.load_model(tmp_path / "missing.onnx")
    with pytest.raises(FileError, match="is a folder"):
        pocketlens.load_model(tmp_path)


def test_model_without_our_metadata() -> None:
    with pytest.raises(ModelError, match="holds no pocketlens metadata"):
        pocketlens.load_model(DATA / "colors.onnx")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"labels": ["a", "b"]}, "expected 'probabilities' with 2 values"),
        ({"schema_version": 99}, "schema version 99"),
        (
            {
                "preprocessing": {
                    "input_size": [9, 8],
                    "color_mode": "rgb",
                    "interpolation": "area",
                    "crop_mode": "squash",
                    "decode": "full",
                    "depth": "high_bits",
                    "region": None,
                }
            },
            "its inputs are",
        ),
    ],
)
def test_model_that_contradicts_its_metadata(
    change: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "odd.onnx"
    file.write_bytes(colors_model(**change))
    with pytest.raises(ModelError, match=rf"odd\.onnx: .*{reason}"):
        pocketlens.load_model(file)


def test_provider_that_is_not_there_is_an_error(colors_file: Path) -> None:
    with pytest.raises(ProviderError, match="NoExecutionProvider was asked for"):
        pocketlens.load_model(colors_file, providers=["NoExecutionProvider"])
    with pytest.raises(ProviderError, match="expected a list"):
        pocketlens.load_model(colors_file, providers=[])
    with pytest.raises(ProviderError, match="expected a list"):
        pocketlens.load_model(colors_file, providers="CPUExecutionProvider")


def test_arguments_out_of_range(colors_file: Path) -> None:
    odd: Any
    for odd in (3, [None], [()], ["CPUExecutionProvider", 3]):
        with pytest.raises(ProviderError, match="expected a list"):
            pocketlens.load_model(colors_file, providers=odd)
    for odd in (0, -1, 1.5, "2"):
        with pytest.raises(SettingError, match="expected a whole number above 0"):
            pocketlens.load_model(colors_file, intra_op_num_threads=odd)
        with pytest.raises(ValueError, match="expected a whole number above 0"):
            pocketlens.load_model(colors_file).predict(plain(1, 2, 3)).top_k(odd)
    for odd in (3, ["model.onnx"]):
        with pytest.raises(InputTypeError, match="expected the path"):
            pocketlens.load_model(odd)


def test_provider_that_does_not_start_is_an_error(
    colors_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    # onnxruntime itself then warns and silently runs on the CPU.
    present = [*onnxruntime.get_available_providers(), "CUDAExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: present)
    with (
        pytest.warns(UserWarning, match="CUDAExecutionProvider"),
        pytest.raises(ProviderError, match="CUDAExecutionProvider was asked for and did not start"),
    ):
        pocketlens.load_model(colors_file, providers=["CUDAExecutionProvider"])


def test_cpu_provider_and_threads_can_be_chosen(colors_file: Path) -> None:
    model = pocketlens.load_model(
        colors_file,
        providers=[("CPUExecutionProvider", {})],
        intra_op_num_threads=1,
    )
    assert model.providers == ("CPUExecutionProvider",)
    assert model.predict(plain(0, 0, 255)).label == "blue"


def test_one_thread_and_no_spinning_unless_told(colors_file: Path) -> None:
    for settings, threads, spinning in (
        ({}, 1, "0"),
        ({"intra_op_num_threads": None}, 1, "0"),
        ({"intra_op_num_threads": 3}, 3, "0"),
        ({"intra_op_num_threads": 3, "allow_spinning": True}, 3, "1"),
    ):
        model = pocketlens.load_model(colors_file, **settings)
        assert model.intra_op_num_threads == threads
        for each in (model, pickle.loads(pickle.dumps(model))):
            options = each._network.start().get_session_options()
            assert options.intra_op_num_threads == threads
            entry = options.get_session_config_entry("session.intra_op.allow_spinning")
            assert entry == spinning
            # Each worker of predict_many() has one thread.
            workers = each._network_of_workers.start().get_session_options()
            assert workers.intra_op_num_threads == 1


def test_model_as_bytes(colors_file: Path) -> None:
    picture = plain(9, 200, 30)
    expected = pocketlens.load_model(colors_file).predict(picture)
    assert pocketlens.load_model(colors_file.read_bytes()).predict(picture) == expected
    with pytest.raises(ModelError, match=r"^it is a text that begins with 'colors\.onnx'"):
        pocketlens.load_model(b"colors.onnx")

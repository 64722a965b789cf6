"""The default network, its start weights and its teacher."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pocketlens.cli import main
from pocketlens.errors import ModelError

keras = pytest.importorskip("keras")
pytest.importorskip("sklearn")

from pocketlens_train.architectures import edge, lite0
from pocketlens_train.architectures._efficientnet_lite import WEIGHTS, load_start_weights


def weights_of(model: object, layer: str) -> np.ndarray:
    return np.asarray(model.get_layer(layer).get_weights()[0])  # type: ignore[attr-defined]


def test_size_of_the_networks() -> None:
    model = edge.build((64, 64, 3), 2)
    assert 0.95e6 < model.count_params() < 1.05e6
    assert lite0.build((64, 64, 3), 2).count_params() < 3.5e6


def test_networks_start_from_the_shipped_weights() -> None:
    with np.load(WEIGHTS) as shipped:
        for network in (edge, lite0):
            model = network.build((64, 64, 3), 2)
            for layer in ("stem_conv", "b0_dw", "b11_project"):
                np.testing.assert_array_equal(
                    weights_of(model, layer), shipped[f"{layer}/kernel"].astype(np.float32)
                )
        np.testing.assert_array_equal(
            weights_of(model, "head_conv"), shipped["head_conv/kernel"].astype(np.float32)
        )


def test_grey_network_starts_as_the_coloured_one() -> None:
    grey, rgb = edge.build((32, 32, 1), 2), edge.build((32, 32, 3), 2)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1), np.uint8)

    def features(model: object, inputs: np.ndarray) -> np.ndarray:
        output = model.get_layer("bottleneck").output  # type: ignore[attr-defined]
        return np.asarray(keras.Model(model.input, output).predict(inputs, verbose=0))  # type: ignore[attr-defined]

    expected = features(rgb, pictures.repeat(3, axis=3))
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(features(grey, pictures), expected, atol=1e-3)


def test_early_blocks_are_frozen() -> None:
    trainable = {
        weight.path.split("/")[0] for weight in edge.build((32, 32, 3), 2).trainable_weights
    }
    assert {"b3_expand", "b11_project", "small_head_conv", "activation_map"} <= trainable
    assert not [name for name in trainable if name.startswith(("stem_", "b0_", "b1_", "b2_"))]


def test_any_size_gives_the_same_network() -> None:
    fixed, any_size = edge.build((48, 48, 3), 3), edge.build((None, None, 3), 3)
    fixed.set_weights(any_size.get_weights())
    pictures = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3), np.uint8)
    np.testing.assert_allclose(
        fixed.predict(pictures, verbose=0), any_size.predict(pictures, verbose=0), atol=1e-5
    )


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"stem_conv/kernel": np.zeros((3, 3, 3, 16), np.float16)}, "stem_conv/kernel has shape"),
        ({"other/kernel": np.zeros(1, np.float16)}, "lacks the start weight stem_conv/kernel"),
        (None, "cannot be read as start weights"),
    ],
)
def test_start_weights_that_do_not_fit(
    arrays: dict[str, np.ndarray] | None, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "w.npz"
    if arrays is None:
        file.write_bytes(b"no archive")
    else:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=reason):
        load_start_weights(edge.build((32, 32, 3), 2), file, ())


def test_run_with_outliers(edge_run: Path) -> None:
    record = json.loads((edge_run / "record.json").read_text(encoding="utf-8"))
    training = record["metadata"]["training"]
    assert training["outliers"] == 16
    assert training["teacher"] is None
    assert "--outliers outliers" in training["command"]
    assert "--out edge" in training["command"]
    assert str(edge_run.parent) not in json.dumps(record["metadata"])
    model = keras.saving.load_model(edge_run / "model.keras")
    assert model.output_shape == (None, 4)
    assert model.input_shape == (None, 64, 64, 3)
    assert "outliers0/notes.txt" in [entry["file"] for entry in record["left_out"]]
    assert len(set(record["outliers"])) == 16


@pytest.mark.usefixtures("small_edge")
def test_student_learns_from_a_teacher(
    picture_folder: Path, outlier_folder: Path, tmp_path: Path
) -> None:
    teacher = tmp_path / "teacher"
    command = ["train", str(picture_folder), "--epochs", "2", "--batch-size", "16"]
    options = ["--input-size", "64", "--outliers", str(outlier_folder)]
    options += ["--arch", "edge", "--folds", "1"]
    assert main([*command, "--out", str(teacher), *options]) == 0
    options = ["--input-size", "48", "--teacher", str(teacher)]
    assert main([*command, "--out", str(tmp_path / "run"), *options]) == 0
    record = json.loads((tmp_path / "run" / "record.json").read_text(encoding="utf-8"))
    training = record["metadata"]["training"]
    assert training["teacher"]["architecture"] == "edge"
    assert "--input-size 64x64" in training["teacher"]["command"]
    assert len(record["metadata"]["history"]["val_loss"]) == 2
    assert not list((tmp_path / "run").glob(".teacher-*"))
    model = keras.saving.load_model(tmp_path / "run" / "model.keras")
    assert model.output_shape == (None, 3)


def test_teachers_that_cannot_teach(
    finished_run: Path,
    edge_run: Path,
    picture_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = tmp_path / "other"
    for label in ("red", "yellow"):
        (other / label).mkdir(parents=True)
        (other / label / "0.jpg").write_bytes(b"")
    for folder, teacher, reason in (
        (other, edge_run, "(only there: blue, green; missing there: yellow)"),
        (
            picture_folder,
            finished_run,
            "a network of architecture 'tutorial' cannot teach (No such layer: feature_map)",
        ),
        (picture_folder, tmp_path / "missing", "does not exist"),
    ):
        command = ["train", str(folder), "--out", str(tmp_path / "run"), "--teacher", str(teacher)]
        command += ["--crop-mode", "squash"]
        assert main(command) == 1
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1
        assert not (tmp_path / "run").exists()
    command = ["train", str(picture_folder), "--out", str(tmp_path / "run")]
    assert main([*command, "--teacher", str(edge_run), "--arch", "tutorial"]) == 1
    assert "has no features to compare" in capsys.readouterr().err
    assert main([*command, "--teacher", str(edge_run), "--folds", "3"]) == 1
    assert "leave --folds out" in capsys.readouterr().err
    assert main([*command, "--teacher", str(edge_run), "--depth", "own_range"]) == 1
    assert "trained with --depth high_bits, expected --depth own_range" in capsys.readouterr().err
    assert main([*command, "--teacher", str(edge_run), "--crop-mode", "center"]) == 1
    assert "trained with --crop-mode squash, expected --crop-mode center" in capsys.readouterr().err


def test_teacher_that_has_seen_the_test_pictures(
    edge_run: Path, picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(picture_folder), "--out", str(tmp_path / "run"), "--seed", "7"]
    command += ["--crop-mode", "squash"]
    assert main([*command, "--input-size", "48", "--teacher", str(edge_run)]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "the teacher has learnt from " in error
    assert "the same --seed" in error
    assert not (tmp_path / "run").exists()


def test_folders_with_names_like_the_teachers_answers_are_left_alone(
    picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "teacher-192").mkdir()
    assert main(["train", str(picture_folder), "--out", str(tmp_path)]) == 1
    assert "holds other files" in capsys.readouterr().err
    assert (tmp_path / "teacher-192").exists()


def test_outliers_that_are_pictures_of_a_class(
    picture_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--out", str(tmp_path / "run"), "--outliers", str(picture_folder)]
    assert main(["train", str(picture_folder), *options]) == 1
    assert "96 of 96 outliers are also pictures of a class" in capsys.readouterr().err

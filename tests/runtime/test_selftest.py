from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pytest

import pocketlens
from builders import colors_model, with_properties
from pocketlens.cli import main
from pocketlens.errors import ModelError
from pocketlens.loading import BUNDLED_MODEL
from pocketlens.tools.selftest import model_digest, selftest


def test_bundled_model_is_whole_and_answers_as_exported() -> None:
    checks = selftest(pocketlens.load_model(), BUNDLED_MODEL.read_bytes())
    assert [check.name for check in checks] == ["file", "kernels", "resize", "decode"]
    assert all(check.passed for check in checks), checks


def test_one_flipped_bit_of_the_weights_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(BUNDLED_MODEL.read_bytes())
    content[len(content) // 2] ^= 1
    file = tmp_path / "flipped.onnx"
    file.write_bytes(content)
    # It loads and answers like a good one.
    assert pocketlens.load_model(file).labels == ("cat", "dog")
    assert main(["selftest", str(file)]) == 1
    assert "file     FAILED  network, weights and metadata are not as exported: damaged" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("stage", ["kernels", "resize", "decode"])
def test_another_answer_is_found(stage: str) -> None:
    content = BUNDLED_MODEL.read_bytes()
    model = pocketlens.load_model()
    metadata = model.metadata
    assert metadata.selftest
    picture = metadata.selftest.pictures[stage]
    first, *others = picture.probabilities
    for other in (
        replace(picture, probabilities=(first + 0.05, *others)),
        replace(picture, input=tuple((value + 2) % 256 for value in picture.input)),
    ):
        pictures = {**metadata.selftest.pictures, stage: other}
        model.metadata = replace(metadata, selftest=replace(metadata.selftest, pictures=pictures))
        assert [check.name for check in selftest(model, content) if not check.passed] == [stage]


def test_colours_in_the_wrong_order_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from pocketlens.pictures import decoding

    monkeypatch.setattr(decoding, "_REDUCED_RGB", dict.fromkeys((1, 2, 4, 8), cv2.IMREAD_COLOR))
    checks = selftest(pocketlens.load_model(), BUNDLED_MODEL.read_bytes())
    assert [check.name for check in checks if not check.passed] == ["kernels", "resize", "decode"]


@pytest.mark.parametrize("interpolation", [cv2.INTER_NEAREST, cv2.INTER_LINEAR])
def test_another_interpolation_is_found(
    interpolation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "INTER_AREA", interpolation)
    checks = selftest(pocketlens.load_model(), BUNDLED_MODEL.read_bytes())
    assert "resize" in [check.name for check in checks if not check.passed]


def test_digest_is_of_all_but_the_selftest() -> None:
    bare = colors_model()
    assert model_digest(colors_model(selftest={"atol": 1})) == model_digest(bare)
    assert model_digest(colors_model(labels=["green", "red", "blue"])) != model_digest(bare)
    assert model_digest(bare.replace(b"probabilities", b"Probabilities", 1)) != model_digest(bare)
    assert model_digest(with_properties(bare, {"other": "text"})) != model_digest(bare)


@pytest.mark.parametrize("content", [b"\x07", b"\xff" * 20, b"\x08"])
def test_bytes_that_are_no_model_have_no_digest(content: bytes) -> None:
    with pytest.raises(ModelError, match="no serialized onnx model"):
        model_digest(content)


def test_file_without_pictures(colors_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", str(colors_file)]) == 1
    assert "holds no pictures for a self-test" in capsys.readouterr().err

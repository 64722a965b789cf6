from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

import pocketlens
from builders import colors_model, encode, plain
from pocketlens.cli import main
from pocketlens.errors import ModelError, SettingError
from pocketlens.metadata.familiarity import LEVELS, Familiarity, quantiles

# The colors model's raw number is the largest channel mean, times 10/255.
RECORD = {"levels": [0, 0.02, 0.5, 1], "quantiles": [2.0, 4.0, 6.0, 8.0], "threshold": 0.02}
STRANGE, DIM, BRIGHT = plain(25, 0, 0), plain(0, 128, 0), plain(0, 0, 250)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "colors.onnx"
    path.write_bytes(colors_model(familiarity=RECORD))
    return path


def test_familiarity_is_a_share_of_validation_pictures(file: Path) -> None:
    answers = pocketlens.load_model(file).predict([STRANGE, DIM, BRIGHT])
    assert [answer.rejected for answer in answers] == [True, False, False]
    expected = [0, 0.02 + 0.48 * (128 * 10 / 255 - 4) / 2, 1]
    assert [answer.familiarity for answer in answers] == pytest.approx(expected, abs=1e-6)
    assert answers[0].label == "red"


def test_threshold_can_be_overridden(file: Path) -> None:
    assert pocketlens.load_model(file, min_familiarity=float(np.float32(0.6))).predict(DIM).rejected
    for threshold, expected in ((0, [False, False]), (0.6, [True, True]), (None, [True, False])):
        model = pocketlens.load_model(file, min_familiarity=threshold)
        answers = model.predict([STRANGE, DIM])
        assert [answer.rejected for answer in answers] == expected


def test_thresholds_that_are_none(file: Path, colors_file: Path) -> None:
    for threshold in (-0.1, 1.1, float("nan"), "high", True):
        with pytest.raises(SettingError, match="expected a number from 0 to 1"):
            pocketlens.load_model(file, min_familiarity=threshold)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="no familiarity to compare with"):
        pocketlens.load_model(colors_file, min_familiarity=0.5)


def test_model_that_cannot_reject(colors_file: Path) -> None:
    answer = pocketlens.load_model(colors_file).predict(STRANGE)
    assert answer.familiarity is None
    assert not answer.rejected


def test_output_that_the_metadata_speaks_of_is_missing(tmp_path: Path) -> None:
    content = colors_model(familiarity=RECORD).replace(b"familiarity", b"familiaritx", 1)
    (tmp_path / "m.onnx").write_bytes(content.replace(b"\x0bfamiliarity", b"\x0bfamiliaritx"))
    with pytest.raises(ModelError, match="its metadata says that 'familiarity' is one"):
        pocketlens.load_model(tmp_path / "m.onnx")


def test_quantiles_give_back_the_levels() -> None:
    raw = np.random.default_rng(0).normal(size=5000)
    known = Familiarity(LEVELS, quantiles(raw), 0.02)
    for share in (0.002, 0.02, 0.3, 0.95):
        assert known.of(np.quantile(raw, [share])) == pytest.approx(share, abs=0.002)
    assert known.of(np.array([-99.0, 99.0])).tolist() == [0, 1]


def test_command_line_says_neither(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "strange.png"
    photo.write_bytes(encode(STRANGE))
    assert main(["predict", str(photo), "--model", str(file)]) == 0
    assert "none of them (familiarity 0.0%; else red " in capsys.readouterr().out
    assert main(["predict", str(photo), "--model", str(file), "--min-familiarity", "0"]) == 0
    assert "none of them" not in capsys.readouterr().out
    assert main(["predict", str(photo), "--model", str(file), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["label"], row["rejected"], row["familiarity"]) == ("red", True, 0)
    assert main(["predict", str(photo), "--model", str(file), "--csv", "--top-k", "1"]) == 0
    header, row = csv.reader(capsys.readouterr().out.splitlines())
    assert header[3:] == ["score", "rejected", "familiarity", "error"]
    assert row[4:] == ["true", "0.0", ""]

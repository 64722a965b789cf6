from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from builders import encode

pytest.importorskip("sklearn")
pytest.importorskip("tqdm")

from pocketlens.errors import DatasetError
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train.listing import list_all
from pocketlens_train.splits import Splits, load_splits


def photo(seed: int) -> Any:
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    return cv2.resize(coarse, (60, 50), interpolation=cv2.INTER_CUBIC)


def fill(folder: Path, extension: str, **seeds: range) -> Path:
    for label, numbers in seeds.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for seed in numbers:
            file = folder / label / f"{seed}{extension}"
            file.write_bytes(encode(photo(seed), extension))
    return folder


def load(folder: Path, test: Path, keep_repeats: bool = False) -> Splits:
    settings = SimpleNamespace(validation_split=0.2, seed=1, keep_repeats=keep_repeats)
    preprocessing = Preprocessing((32, 32), "rgb")
    listings = list_all(folder, test, None)
    return load_splits(listings, settings, preprocessing, preprocessing, folder.parent)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "train", ".png", cat=range(10), dog=range(10, 20))


def test_test_pictures_that_are_all_repeats(folder: Path, tmp_path: Path) -> None:
    test = fill(tmp_path / "test", ".jpg", cat=range(4), dog=range(90, 94))
    with pytest.raises(DatasetError) as refused:
        load(folder, test)
    assert "of class 'cat' no test picture is left, all 4 nearly repeat" in str(refused.value)
    assert str(refused.value).endswith("or let these count by --keep-repeats")
    kept = load(folder, test, keep_repeats=True)
    assert kept.near_duplicates == 0
    assert len(kept.test.files) == 8
    assert kept.left_out == ()


def test_class_without_a_test_picture(folder: Path, tmp_path: Path) -> None:
    test = fill(tmp_path / "test", ".jpg", cat=range(90, 94))
    (test / "dog").mkdir()
    (test / "dog" / "0.jpg").write_bytes(b"")
    for keep_repeats in (False, True):
        with pytest.raises(DatasetError, match="of class 'dog' no test picture is left; add"):
            load(folder, test, keep_repeats)


def test_test_pictures_of_which_most_are_repeats(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = fill(tmp_path / "test", ".jpg", cat=range(4), dog=range(10, 14))
    assert load(folder, fill(test, ".jpg", cat=range(90, 91), dog=range(91, 92))).left_out[0] == (
        "cat/0.jpg",
        "nearly repeats a picture to train or validate",
    )
    error = capsys.readouterr().err
    assert "8 of 10 test pictures nearly repeat" in error
    assert "--keep-repeats" in error
    assert error.count("\n") == 1
    load(folder, fill(test, ".jpg", cat=range(92, 100), dog=range(100, 108)))
    assert capsys.readouterr().err == ""


def test_system_files_and_folders_are_counted(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = fill(tmp_path / "test", ".jpg", cat=range(90, 94), dog=range(94, 98))
    for label in ("cat", "dog"):
        for number in range(10):
            (folder / label / f"._{number}.png").write_bytes(b"Mac OS X")
            thumbnail = folder / label / "@eaDir" / f"{number}.png" / "SYNOPHOTO_THUMB_SM.jpg"
            thumbnail.parent.mkdir(parents=True)
            thumbnail.write_bytes(encode(photo(number), ".jpg"))
    (test / "cat" / "Thumbs.db").write_bytes(b"")
    splits = load(folder, test)
    assert len(splits.pictures.files) == 20
    assert len(splits.left_out) == 23
    assert capsys.readouterr().err == (
        "passed over: 23 hidden or system (cat/@eaDir and 22 more)\n"
    )

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
from pocketlens_train.loading import load_splits
from pocketlens_train.output_folder import answers_folder
from pocketlens_train.splits import Splits


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


def load(folder: Path, test: Path | None, keep_repeats: bool = False, **more: Any) -> Splits:
    validation = more.pop("validation", None)
    settings = SimpleNamespace(
        validation_split=0.2, test_split=None, seed=1, keep_repeats=keep_repeats, **more
    )
    preprocessing = Preprocessing((32, 32), "rgb")
    listings = list_all(folder, test, None, validation)
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


def test_training_on_other_parts_of_the_folder_is_another_one(folder: Path, tmp_path: Path) -> None:
    """With --test nothing is split off for the test: of its network no such picture is unseen."""
    test = fill(tmp_path / "test", ".jpg", cat=range(90, 94), dog=range(94, 98))
    own, apart = load(folder, None).fingerprints, load(folder, test).fingerprints
    assert {name for name, value in own.items() if value != apart[name]} == {"train"}
    assert load(folder, None).fingerprints == own
    rest = dict.fromkeys(("teacher", "augmentation", "input_size", "seed"))
    assert answers_folder(own | rest) != answers_folder(apart | rest), "of other pictures"


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


def test_validation_folder_is_taken_whole_and_nothing_is_split_off(
    folder: Path, tmp_path: Path
) -> None:
    validation = fill(tmp_path / "val", ".jpg", cat=range(90, 94), dog=range(94, 98))
    splits = load(folder, None, validation=validation)
    assert len(splits.train) == 20
    assert splits.validation.folder == validation
    assert splits.measured is splits.validation
    assert len(splits.validation.files) == 8
    assert splits.fingerprints["validation"] == splits.own_fingerprints["validation"]
    test = fill(tmp_path / "test", ".jpg", cat=range(80, 84), dog=range(84, 88))
    splits = load(folder, test, validation=validation)
    assert len(splits.train) == 20
    assert splits.measured.folder == test


def test_test_split_is_drawn_beside_a_validation_folder(folder: Path, tmp_path: Path) -> None:
    validation = fill(tmp_path / "val", ".jpg", cat=range(90, 94), dog=range(94, 98))
    listings = list_all(folder, None, None, validation)
    settings = SimpleNamespace(test_split=0.2, seed=1, keep_repeats=False)
    preprocessing = Preprocessing((32, 32), "rgb")
    splits = load_splits(listings, settings, preprocessing, preprocessing, tmp_path)  # type: ignore[arg-type]
    assert (len(splits.train), len(splits.validation.files), len(splits.test.files)) == (16, 8, 4)


def test_repeats_between_the_parts_of_a_split(folder: Path, tmp_path: Path) -> None:
    """A validation picture that is learnt from, and a test picture that is validated on."""
    validation = fill(tmp_path / "val", ".jpg", cat=range(1, 2), dog=range(19, 20))
    fill(validation, ".jpg", cat=range(90, 94), dog=range(94, 98))
    test = fill(tmp_path / "test", ".png", cat=range(93, 97), dog=range(97, 101))
    splits = load(folder, test, validation=validation)
    assert splits.near_duplicates == 4
    assert splits.left_out == (
        ("cat/1.jpg", "nearly repeats a picture to train"),
        ("dog/19.jpg", "nearly repeats a picture to train"),
        ("cat/93.png", "nearly repeats a picture to train or validate"),
        ("dog/97.png", "nearly repeats a picture to train or validate"),
    )
    assert len(load(folder, test, True, validation=validation).validation.files) == 10


def test_class_of_which_nothing_is_left_to_learn_or_to_validate(
    folder: Path, tmp_path: Path
) -> None:
    validation = fill(tmp_path / "val", ".jpg", cat=range(4), dog=range(94, 98))
    with pytest.raises(DatasetError, match="'cat' no validation picture is left, all 4 nearly"):
        load(folder, None, validation=validation)
    for file in (folder / "dog").iterdir():
        file.write_bytes(b"")
    with pytest.raises(DatasetError, match=r"'dog' has 0 usable .*, expected at least 1$"):
        load(folder, None, validation=validation)

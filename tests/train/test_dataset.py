from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

from pocketlens.errors import DatasetError, FileMissingError
from pocketlens_train.dataset import list_files, list_outliers, list_test_files, split


def fill(folder: Path, **counts: int) -> Path:
    for label, count in counts.items():
        (folder / label).mkdir(parents=True)
        for number in range(count):
            (folder / label / f"{number}.jpg").write_bytes(b"")
    return folder


def test_sub_folders_are_the_classes(tmp_path: Path) -> None:
    fill(tmp_path, dog=2, cat=1)
    (tmp_path / "cat" / "kittens").mkdir()
    (tmp_path / "cat" / "kittens" / "k.png").write_bytes(b"")
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / ".cache").mkdir()
    listing = list_files(tmp_path)
    assert listing.labels == ("cat", "dog")
    assert listing.files == ("cat/0.jpg", "cat/kittens/k.png", "dog/0.jpg", "dog/1.jpg")
    assert listing.targets == (0, 0, 1, 1)
    assert [file for file, _ in listing.left_out] == [".cache", "readme.txt"]


def test_folders_that_teach_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileMissingError, match="no such folder"):
        list_files(tmp_path / "missing")
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="is a file"):
        list_files(tmp_path / "file")
    with pytest.raises(DatasetError, match=r"has 0 sub-folder\(s\) \(none\)"):
        list_files(fill(tmp_path / "empty", **{"": 0}))
    with pytest.raises(DatasetError, match=r"has 1 sub-folder\(s\) \(cat\)"):
        list_files(fill(tmp_path / "one", cat=5))
    with pytest.raises(ValueError, match="dog: is empty, expected pictures of class 'dog'"):
        list_files(fill(tmp_path / "two", cat=5, dog=0))


def test_class_name_that_cannot_be_printed(tmp_path: Path) -> None:
    for number, name in enumerate(("line\nbreak", "not-utf8-\udcff")):
        with pytest.raises(DatasetError, match="expected a printable name"):
            list_files(fill(tmp_path / str(number), **{"cat": 3, name: 3}))


def test_split_is_stratified_and_complete() -> None:
    targets = [0] * 200 + [1] * 100
    parts = split(targets, ("a", "b"), shares=(0.3, 0.1), seed=1)
    assert [len(part) for part in parts] == [189, 21, 90]
    everything = np.concatenate(parts)
    assert sorted(everything.tolist()) == list(range(300))
    for part in parts:
        assert np.asarray(targets)[part].mean() == pytest.approx(1 / 3, abs=0.01)


def test_split_depends_on_the_seed_alone() -> None:
    def test_part(seed: int) -> list[int]:
        parts = split([0, 1] * 50, ("a", "b"), shares=(0.3, 0.1), seed=seed)
        return [int(index) for index in parts[2]]

    assert test_part(1) == test_part(1) != test_part(2)


def test_classes_too_small_to_split() -> None:
    with pytest.raises(DatasetError, match=r"class 'b' has 2 usable picture\(s\)"):
        split([0] * 9 + [1] * 2, ("a", "b"), shares=(0.3, 0.1), seed=0)
    with pytest.raises(DatasetError, match="cannot be split"):
        split([0, 1, 2] * 3, ("a", "b", "c"), shares=(0.01, 0.1), seed=0)


def test_test_pictures_have_the_same_classes(tmp_path: Path) -> None:
    folder = fill(tmp_path / "test", cat=1, dog=2)
    assert list_test_files(folder, ("cat", "dog")).targets == (0, 1, 1)
    with pytest.raises(DatasetError, match=r"has the classes cat, dog, expected .*: cat, wolf"):
        list_test_files(folder, ("cat", "wolf"))


def test_outliers_are_all_files_below_the_folder(tmp_path: Path) -> None:
    fill(tmp_path / "other", cup=1, car=2)
    (tmp_path / "other" / "tree.jpg").write_bytes(b"")
    assert len(list_outliers(tmp_path / "other").files) == 4
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no file"):
        list_outliers(tmp_path / "empty")
    with pytest.raises(FileMissingError, match="no such folder"):
        list_outliers(tmp_path / "missing")

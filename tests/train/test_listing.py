from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from pocketlens.errors import DatasetError, FileMissingError
from pocketlens.pictures.folders import LINK, SYSTEM
from pocketlens.pictures.listing import list_files
from pocketlens_train.listing import list_all, list_outliers, list_test_files


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


def test_excluded_files_are_in_no_part(tmp_path: Path) -> None:
    fill(tmp_path / "train", cat=2, dog=2)
    fill(tmp_path / "test", cat=2, dog=2)
    excluded = tmp_path / "list.txt"
    excluded.write_text("cat/0.jpg\ntest/dog/1.jpg\n")
    listings = list_all(tmp_path / "train", tmp_path / "test", None).without(excluded)
    assert listings.pictures.files == ("cat/1.jpg", "dog/0.jpg", "dog/1.jpg")
    assert listings.test
    assert listings.test.files == ("cat/1.jpg", "dog/0.jpg")
    assert listings.outliers is None


def test_test_pictures_have_the_same_classes(tmp_path: Path) -> None:
    folder = fill(tmp_path / "test", cat=1, dog=2)
    assert list_test_files(folder, ("cat", "dog")).targets == (0, 1, 1)
    with pytest.raises(DatasetError, match=r"\(only there: dog; missing there: wolf\)"):
        list_test_files(folder, ("cat", "wolf"))


def test_only_what_differs_is_named(tmp_path: Path) -> None:
    species = tuple(f"species {number:03}" for number in range(1000))
    folder = fill(tmp_path / "test", **{"species 007": 1, "species 008": 1})
    with pytest.raises(DatasetError) as refused:
        list_test_files(folder, species)
    assert "(missing there: species 000, " in str(refused.value)
    assert "species 009, species 010, species 011 and 988 more)" in str(refused.value)
    assert "species 007" not in str(refused.value)


def decomposed(name: str) -> str:
    return unicodedata.normalize("NFD", name)


def test_labels_are_composed_and_files_are_found(tmp_path: Path) -> None:
    mac = fill(tmp_path / "mac", **{decomposed("béret"): 2, "chapeau": 1})
    linux = fill(tmp_path / "linux", **{"béret": 1, "chapeau": 1})
    listing = list_files(mac)
    assert listing.labels == ("béret", "chapeau")
    assert all((mac / file).is_file() for file in listing.files)
    assert list_test_files(linux, listing.labels).targets == (0, 1)
    assert list_test_files(mac, list_files(linux).labels).targets == (0, 0, 1)


def test_two_sub_folders_with_one_label(tmp_path: Path) -> None:
    fill(tmp_path, **{decomposed("béret"): 1, "béret": 1, "chapeau": 1})
    with pytest.raises(DatasetError, match="has two sub-folders 'béret', one with composed"):
        list_files(tmp_path)


def test_system_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, cat=1, dog=1, **{"@eaDir": 1, "__MACOSX": 1, ".trash": 1})
    fill(tmp_path / "cat", **{"@eaDir": 2, ".trash": 1})
    fill(tmp_path / "dog" / "puppies", **{"@eaDir": 2, "old": 1})
    for name in ("Thumbs.db", "dog/._0.jpg", "dog/puppies/.DS_Store"):
        (tmp_path / name).write_bytes(b"")
    listing = list_files(tmp_path)
    assert listing.labels == ("cat", "dog")
    assert listing.files == ("cat/0.jpg", "dog/0.jpg", "dog/puppies/old/0.jpg")
    assert {reason for _, reason in listing.left_out} == {SYSTEM}
    passed = {file for file, _ in listing.left_out}
    assert passed >= {"@eaDir", "__MACOSX", ".trash", "Thumbs.db", "cat/@eaDir", "cat/.trash"}
    assert passed >= {"dog/._0.jpg", "dog/puppies/@eaDir", "dog/puppies/.DS_Store"}
    assert len(listing.left_out) == len(passed) == 9
    everything = list_outliers(tmp_path)
    assert everything.files == listing.files
    assert sorted(everything.left_out) == sorted(listing.left_out)


def test_links_to_folders_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, cat=1, dog=1)
    (tmp_path / "cat" / "again").symlink_to(tmp_path / "dog", target_is_directory=True)
    listing = list_files(tmp_path)
    assert listing.files == ("cat/0.jpg", "dog/0.jpg")
    assert listing.left_out == (("cat/again", LINK),)


def test_outliers_are_all_files_below_the_folder(tmp_path: Path) -> None:
    fill(tmp_path / "other", cup=1, car=2)
    (tmp_path / "other" / "tree.jpg").write_bytes(b"")
    assert len(list_outliers(tmp_path / "other").files) == 4
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no file"):
        list_outliers(tmp_path / "empty")
    with pytest.raises(FileMissingError, match="no such folder"):
        list_outliers(tmp_path / "missing")
    with pytest.raises(DatasetError, match="is a file"):
        list_outliers(tmp_path / "other" / "tree.jpg")

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from builders import encode, plain
from pocketlens.errors import FileError, ImageError, SettingError
from pocketlens_demo import corrections
from pocketlens_demo.corrections import Corrections

LABELS = ("red", "green")


def kept(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_layout_is_that_of_a_training_folder(tmp_path: Path) -> None:
    found = Corrections(tmp_path / "new" / "folder", LABELS)
    photo = encode(plain(200, 0, 0, (2000, 3000)), ".jpg")
    found.keep(photo, "red")
    [name] = kept(tmp_path / "new" / "folder")
    assert Path(name).parent.name == "red"
    picture = cv2.imread(str(tmp_path / "new" / "folder" / name))
    assert picture is not None
    assert picture.shape == (683, 1024, 3)
    assert picture[0, 0].argmax() == 2


def test_the_last_word_counts(tmp_path: Path) -> None:
    found = Corrections(tmp_path, LABELS)
    photo = encode(plain(200, 0, 0))
    for label in ("red", "green", "green"):
        found.keep(photo, label)
        [name] = kept(tmp_path)
        assert Path(name).parent.name == label


def test_neither_is_kept_beside_the_classes(tmp_path: Path) -> None:
    folder = tmp_path / "corrected"
    found = Corrections(folder, LABELS)
    photo = encode(plain(200, 0, 0))
    found.keep(photo, None)
    [name] = kept(tmp_path)
    assert Path(name).parent.name == "corrected-neither"
    found.keep(photo, "green")
    [name] = kept(tmp_path)
    assert Path(name).parent.name == "green"
    assert sorted(path.name for path in folder.iterdir()) == sorted(LABELS)


def test_each_is_taken_back_once(tmp_path: Path) -> None:
    found = Corrections(tmp_path / "corrected", LABELS)
    photo = encode(plain(200, 0, 0))
    first, second = found.keep(photo, "red"), found.keep(photo, None)
    found.undo(second)
    [name] = kept(tmp_path)
    assert Path(name).parent.name == "red"
    found.undo(first)
    assert kept(tmp_path) == []
    for key in (first, second, "", "../x"):
        with pytest.raises(SettingError, match="not kept any more"):
            found.undo(key)


def test_nothing_but_the_picture_is_kept(tmp_path: Path) -> None:
    photo = encode(plain(200, 0, 0), ".jpg")
    secret = b"Exif\0\0 54.32N 10.13E"
    segment = b"\xff\xe1" + (len(secret) + 2).to_bytes(2, "big") + secret
    Corrections(tmp_path, LABELS).keep(photo[:2] + segment + photo[2:], "red")
    [name] = kept(tmp_path)
    assert b"54.32N" not in (tmp_path / name).read_bytes()


def test_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "MAX_CORRECTED", 2)
    found = Corrections(tmp_path, LABELS)
    for red in (10, 200):
        found.keep(encode(plain(red, 0, 0)), "red")
    with pytest.raises(SettingError, match="no room"):
        found.keep(encode(plain(0, 0, 200)), "green")
    found.keep(encode(plain(10, 0, 0)), "green")
    assert len(kept(tmp_path)) == 2


def test_bad_input_keeps_nothing(tmp_path: Path) -> None:
    found = Corrections(tmp_path, LABELS)
    with pytest.raises(ImageError):
        found.keep(b"no picture", "red")
    for label in ("../red", "blue", ""):
        with pytest.raises(SettingError, match="expected one of red, green"):
            found.keep(encode(plain(9, 9, 9)), label)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    "label", ["a/b", "..", ".", ".hidden", "@eaDir", "CON", "aux.x", "x" * 300, "猫" * 100]
)
def test_labels_that_are_no_folder_names(tmp_path: Path, label: str) -> None:
    with pytest.raises(SettingError, match="cannot name a folder"):
        Corrections(tmp_path / "new", ("red", label))
    assert not (tmp_path / "new").exists()


def test_two_labels_of_one_folder(tmp_path: Path) -> None:
    # As where capital letters do not count.
    (tmp_path / "Cat").mkdir()
    (tmp_path / "cat").symlink_to(tmp_path / "Cat")
    with pytest.raises(SettingError, match="'Cat' and 'cat' name one folder"):
        Corrections(tmp_path, ("Cat", "dog", "cat"))


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        Corrections(tmp_path / "file", LABELS)


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Corrections(tmp_path, LABELS)

    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        found.keep(encode(np.zeros((8, 8, 3), np.uint8)), "red")
    assert kept(tmp_path) == []

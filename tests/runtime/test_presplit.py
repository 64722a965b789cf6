from __future__ import annotations

from pathlib import Path

import pytest

from pocketlens.errors import DatasetError
from pocketlens.pictures.listing import list_files


def fill(folder: Path, *parts: str, classes: tuple[str, ...] = ("hat", "shoe")) -> Path:
    for part in parts:
        for label in classes:
            (folder / part / label).mkdir(parents=True)
            (folder / part / label / "0.jpg").write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("parts", "first", "last", "middle"),
    [
        (("train", "val", "test"), "train", "test", "val"),
        (("Training", "Validation", "Testing"), "Training", "Testing", "Validation"),
        (("TRAIN", "valid"), "TRAIN", "valid", None),
        (("train", "dev", "eval"), "train", "eval", "dev"),
        (("val", "test"), "val", "test", None),
    ],
)
def test_split_that_is_there_is_refused_with_the_command(
    parts: tuple[str, ...], first: str, last: str, middle: str | None, tmp_path: Path
) -> None:
    folder = fill(tmp_path / "my hats", *parts)
    (folder / "@eaDir").mkdir()
    (folder / "README.txt").write_text("")
    with pytest.raises(DatasetError) as refused:
        list_files(folder)
    validation = f"--validation '{folder / middle}' " if middle else ""
    command = f"pocketlens train '{folder / first}' {validation}--test '{folder / last}' --out RUN"
    assert str(refused.value).endswith(command)


def test_part_without_classes_is_no_test_folder(tmp_path: Path) -> None:
    folder = fill(tmp_path, "train", "val")
    (folder / "test").mkdir()
    (folder / "test" / "0.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match=rf"--test {folder / 'val'} .*\(test left out\)"):
        list_files(folder)


def test_classes_that_are_called_like_parts(tmp_path: Path) -> None:
    for folder in (
        fill(tmp_path / "traffic", "train", "bus"),
        fill(tmp_path / "rooms", "test", "dev", classes=("",)),
    ):
        assert len(list_files(folder).labels) == 2
    (tmp_path / "mixed").mkdir()
    fill(tmp_path / "mixed", "train", classes=("steam", "electric"))
    fill(tmp_path / "mixed", "test", classes=("oral", "written"))
    assert list_files(tmp_path / "mixed").labels == ("test", "train")


def test_command_that_tests_in_folds_takes_one_part(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for label in ("cat", "dog"):
            (tmp_path / part / label).mkdir(parents=True)
    with pytest.raises(DatasetError) as refused:
        list_files(tmp_path, command="teach")
    assert f"run: pocketlens teach {tmp_path / 'train'} --out FILE.onnx" in str(refused.value)
    assert "(test left out)" in str(refused.value)

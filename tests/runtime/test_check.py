"""`pocketlens check`: what it finds in folders, and what it says of those it cannot check."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from builders import encode
from runtime.test_check_facts import scene

pytest.importorskip("onnxruntime")
pytest.importorskip("sklearn")

from pocketlens.checking.check import check_folder
from pocketlens.checking.facts import picture_facts
from pocketlens.checking.findings import Findings
from pocketlens.checking.labels import suspected
from pocketlens.checking.leaks import balance_notes, leak_notes
from pocketlens.checking.neighbours import Neighbours, find_neighbours
from pocketlens.checking.reading import THUMBNAIL
from pocketlens.checking.twins import same_pictures
from pocketlens.cli import main
from pocketlens.errors import DatasetError, FileMissingError


def checked(folder: Path) -> Findings:
    return check_folder(folder, lambda results, total: results)


def fill(folder: Path, *, classes: tuple[str, ...] = ("a", "b"), each: int = 12) -> Path:
    for number, label in enumerate(classes):
        (folder / label).mkdir(parents=True)
        for place in range(each):
            picture = encode(scene(100 * number + place), ".jpg")
            (folder / label / f"{place:02}.jpg").write_bytes(picture)
    return folder


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of scenes, one of whose pictures are here twice, changed, in several places."""
    folder = fill(tmp_path_factory.mktemp("check") / "pets")
    first = folder / "a" / "00.jpg"
    (folder / "a" / "zz.jpg").write_bytes(first.read_bytes())
    (folder / "b" / "zz.jpg").write_bytes(encode(scene(1)[3:-3, 4:-4], ".jpg"))
    (folder / "b" / "zy.jpg").write_bytes(encode(scene(101)[:, ::-1], ".jpg"))
    (folder / "b" / "empty.jpg").write_bytes(b"")
    (folder / "a" / 'odd "<b>\n😀.jpg').write_bytes(encode(scene(50), ".jpg"))
    return folder


@pytest.fixture(scope="module")
def found(pets: Path) -> Findings:
    return checked(pets)


def test_duplicates_are_named_by_what_they_cross(found: Findings) -> None:
    of = {
        kind: [(each.file, each.others) for each in found.of_kind(kind)]
        for kind in ("exact-duplicate", "near-duplicate", "across-classes", "unreadable")
    }
    assert of["exact-duplicate"] == [("a/zz.jpg", ("a/00.jpg",))]
    assert of["across-classes"] == [("b/zz.jpg", ("a/01.jpg",))]
    assert of["near-duplicate"] == [("b/zy.jpg", ("b/01.jpg",))]
    assert of["unreadable"] == [("b/empty.jpg", ())]
    assert found.pictures == 28
    assert found.classes == {"a": 14, "b": 14}
    assert {each.file for each in found.found if each.exclude} == {"a/zz.jpg", "b/empty.jpg"}


def test_command_prints_a_table_and_writes_both_files(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, listed = tmp_path / "check.json", tmp_path / "leave out.txt"
    before = sorted(pets.rglob("*"))
    assert main(["check", str(pets), "--out", str(out), "--exclude-list", str(listed)]) == 0
    table = capsys.readouterr().out
    assert table.index("cannot be read") < table.index("two classes") < table.index("same bytes")
    assert "given as 'a'" in table
    assert f"--exclude-list '{listed}'" in table
    assert Findings.from_dict(json.loads(out.read_text())).pictures == 28
    lines = listed.read_text().splitlines()
    assert "a/zz.jpg" in lines
    assert "b/empty.jpg" in lines
    assert "#b/zz.jpg" in lines
    assert "#a/01.jpg" in lines
    assert sorted(pets.rglob("*")) == before


def test_page_shows_the_pictures(pets: Path, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    page = tmp_path / "check.html"
    assert main(["check", str(pets), "--html", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "The same picture in two classes: 1" in text
    assert "cannot be read any more" in text
    # Of the three duplicates both pictures.
    assert text.count("data:image/jpeg;base64,") >= 6


def test_split_that_is_there_is_taken_and_what_crosses_it_is_named(tmp_path: Path) -> None:
    fill(tmp_path / "train")
    for number, label in enumerate("ab"):
        (tmp_path / "test" / label).mkdir(parents=True)
        picture = encode(scene(900 + number), ".jpg")
        (tmp_path / "test" / label / "0.jpg").write_bytes(picture)
    crossing = encode((scene(5) * 0.7).astype(np.uint8), ".jpg")
    (tmp_path / "test" / "a" / "1.jpg").write_bytes(crossing)
    found = checked(tmp_path)
    assert found.classes == {"a": 14, "b": 13}
    [crosses] = found.of_kind("across-splits")
    assert (crosses.file, crosses.others) == ("test/a/1.jpg", ("train/a/05.jpg",))


def test_one_class_alone_is_checked(tmp_path: Path) -> None:
    folder = fill(tmp_path, classes=("only",), each=3)
    assert checked(folder).classes == {"only": 3}


def no_folder(top: Path) -> None:
    top.rmdir()


def no_class(top: Path) -> None:
    (top / "a.jpg").write_bytes(encode(scene()))


def no_picture(top: Path) -> None:
    (top / "a").mkdir()
    (top / "a" / "1.jpg").write_bytes(b"nothing")


def circle(top: Path) -> None:
    (top / "a").symlink_to(top)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (no_folder, FileMissingError, "no such folder"),
        (no_class, DatasetError, "no file in a sub-folder"),
        (no_picture, DatasetError, "has no picture that can be read among 1 file"),
    ],
)
def test_folder_that_cannot_be_checked_is_refused(
    make: Callable[[Path], None], error: type[Exception], message: str, tmp_path: Path
) -> None:
    top = tmp_path / "top"
    top.mkdir()
    make(top)
    with pytest.raises(error, match=message):
        checked(top)


def test_links_in_circles_end(tmp_path: Path) -> None:
    fill(tmp_path, each=2)
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert checked(tmp_path).pictures == 4


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read all")
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    fill(tmp_path, each=2)
    (tmp_path / "a" / "00.jpg").chmod(0)
    (tmp_path / "b" / "deep").mkdir(mode=0)
    try:
        named = {each.file: each.reason for each in checked(tmp_path).of_kind("unreadable")}
    finally:
        (tmp_path / "b" / "deep").chmod(0o700)
    assert set(named) == {"a/00.jpg", "b/deep"}
    assert all("Permission denied" in reason for reason in named.values())


def test_single_class_is_no_clean_bill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(balance_notes(["a", "b"], [3, 0])) == [
        "only 'a' has pictures: a training needs two classes"
    ]
    fill(tmp_path / "pets", classes=("a",), each=1)
    page = tmp_path / "page.html"
    assert main(["check", str(tmp_path / "pets"), "--html", str(page)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 picture of 1 class\n")
    assert "needs two classes" in out
    assert f"written: {page}" in err
    text = page.read_text(encoding="utf-8")
    assert "1 picture of 1 class." in text
    assert "Nothing was found" not in text


def test_file_among_the_pictures_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "pets", each=1)
    assert main(["check", str(tmp_path / "pets"), "--out", str(tmp_path / "pets" / "a.json")]) == 1
    assert "lies among the pictures" in capsys.readouterr().err


def test_camera_that_never_moves_makes_no_duplicates() -> None:
    random = np.random.default_rng(0)
    scene_features = random.normal(size=32) * 5
    features = scene_features + random.normal(size=(200, 32))
    features[150] = features[20] + random.normal(size=32) * 0.05
    targets = np.repeat([0, 1], 100)
    pairs = find_neighbours(features.astype(np.float32), np.arange(200), targets).pairs
    assert pairs.tolist() == [[20, 150]]


@pytest.mark.parametrize("block", [100, 4_000_000])
def test_blocks_change_nothing(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pocketlens.checking.neighbours._BLOCK_VALUES", block)
    features = np.random.default_rng(1).normal(size=(60, 64)).astype(np.float32)
    features[40:50] = features[:10] + 0.01
    near = find_neighbours(features, np.arange(60), np.arange(60) % 3)
    assert sorted(near.pairs.tolist()) == [[row, row + 40] for row in range(10)]
    assert not np.isnan(near.strangeness).any()


def thumbnail(pixels: Any) -> Any:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)


def test_only_the_same_picture_is_the_same() -> None:
    picture = scene(3)
    small = [
        thumbnail(each)
        for each in (picture, picture[:, ::-1], picture[6:-6, 8:-8], picture // 2, scene(4))
    ]
    pairs, none = np.array([[0, 1], [0, 2], [0, 3], [0, 4]]), np.zeros(5, np.float32)
    near = Neighbours(pairs, np.full((4, 1), 4), none)
    assert same_pictures(np.stack(small), near).tolist() == [[0, 1], [0, 2], [0, 3]]


def test_another_thing_before_the_same_background_is_another_picture() -> None:
    still = [scene(3, size=(480, 640)) for _ in range(12)]
    for place, picture in enumerate(still):
        x, y = (60 * place) % 500, (90 * place) % 380
        cv2.circle(picture, (x + 40, y + 40), 30, (20 * place, 90, 120), -1)
    pairs, others = np.array([[0, 1], [2, 3]]), np.array([range(4, 12), range(4, 12)])
    near = Neighbours(pairs, others, np.zeros(12, np.float32))
    assert not len(same_pictures(np.stack([thumbnail(each) for each in still]), near))
    still[3] = still[2][4:-4]
    thumbnails = np.stack([thumbnail(each) for each in still])
    assert same_pictures(thumbnails, near).tolist() == [[2, 3]]


def test_wrong_label_is_suspected() -> None:
    random = np.random.default_rng(0)
    targets = np.repeat([0, 1], 60)
    features = random.normal(size=(120, 64)) + 3 * targets[:, None]
    targets[7] = 1
    files = [f"{row}.jpg" for row in range(120)]
    found = list(suspected(("cat", "dog"), files, targets, features, np.arange(120)))
    assert [(each.file, each.suggested) for each in found] == [("7.jpg", "cat")]
    assert not list(suspected(("cat",), files, targets * 0, features, np.arange(120)))


def leaks(names: list[str], change: Callable[[Any, int], Any]) -> str:
    targets = np.repeat([0, 1], 30)
    facts = [
        picture_facts(encode(change(scene(row), int(target)))) for row, target in enumerate(targets)
    ]
    return "\n".join(leak_notes(("cat", "dog"), targets, names, facts))


NUMBERED = [f"{label}/{label}.{row}.png" for label in ("cat", "dog") for row in range(30)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda pixels, target: (pixels * (1 - 0.5 * target)).astype(np.uint8), "brightness alone"),
        (lambda pixels, target: pixels[: 120 - 20 * target], "size alone"),
        (
            lambda pixels, target: (
                pixels.mean(axis=2, keepdims=True).repeat(3, 2).astype(np.uint8)
                if target
                else pixels
            ),
            "class 'dog': 100% of its pictures are grey",
        ),
    ],
)
def test_what_gives_the_class_away_is_said(change: Callable[[Any, int], Any], said: str) -> None:
    assert said in leaks(NUMBERED, change)


def test_ordinary_names_give_nothing_away() -> None:
    assert leaks(NUMBERED, lambda pixels, target: pixels) == ""
    cameras = [f"x/{('IMG', 'DSC')[row >= 30]}_{row}.png" for row in range(60)]
    said = leaks(cameras, lambda pixels, target: pixels)
    assert "named alone" in said
    assert "No network sees a name" in said
    assert "may learn that" not in said

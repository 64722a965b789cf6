"""Folds: classes in proportion, and what belongs together stays together."""

import sys
from collections.abc import Sequence

import numpy as np
import pytest

pytest.importorskip("sklearn")

from pocketlens.errors import DatasetError, MissingExtraError, SettingError
from pocketlens.learning.folds import assign_folds, merge_repeats, named_groups

LABELS = ("cat", "dog")


def test_each_picture_is_tested_once_and_classes_are_in_proportion() -> None:
    targets = np.repeat([0, 1], [40, 20])
    folds = assign_folds(targets, np.arange(60), LABELS, 5, seed=1)
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    for fold in range(5):
        assert np.bincount(targets[folds == fold]).tolist() == [8, 4]
    assert (folds == assign_folds(targets, np.arange(60), LABELS, 5, seed=1)).all()
    assert (folds != assign_folds(targets, np.arange(60), LABELS, 5, seed=2)).any()


def test_groups_never_straddle_folds() -> None:
    targets, groups = np.repeat([0, 1], 30), np.arange(60) // 4
    folds = assign_folds(targets, groups, LABELS, 3, seed=0)
    for group in set(groups):
        assert len(set(folds[groups == group])) == 1


@pytest.mark.parametrize("seed", range(5))
def test_class_of_two_groups_is_never_tested_without_being_learnt(seed: int) -> None:
    targets = np.repeat([0, 1], [40, 2])
    folds = assign_folds(targets, np.arange(42), LABELS, 5, seed=seed)
    assert len(set(folds[40:])) == 2


def test_groups_of_several_classes_leave_each_class_something_to_learn() -> None:
    """A camera that has seen all classes is one group."""
    targets = np.array([2, 0, 1, 0, 1, 2, 2, 0, 0, 0, 1, 0, 2])
    cameras = np.array([1, 2, 2, 1, 1, 1, 0, 2, 2, 2, 1, 2, 0])
    folds = assign_folds(targets, cameras, ("cat", "cow", "dog"), 5, seed=0)
    assert sorted(set(folds)) == list(range(folds.max() + 1))
    for target in range(3):
        assert len(set(folds[targets == target])) > 1
    for camera in range(3):
        assert len(set(folds[cameras == camera])) == 1


@pytest.mark.parametrize(
    ("targets", "groups", "words"),
    [
        ([0, 0, 0, 1], [0, 1, 2, 3], "'dog' has 1 usable picture, expected two"),
        ([0] * 1000 + [1], range(1001), "'dog' has 1 usable picture, expected two"),
        ([0, 0, 1, 1], [0, 1, 2, 2], "'dog' has 2 that belong together, expected two"),
    ],
)
def test_class_that_cannot_be_split(targets: list[int], groups: Sequence[int], words: str) -> None:
    with pytest.raises(DatasetError, match=r"class .dog.") as error:
        assign_folds(np.array(targets), np.array(groups), LABELS, 2, seed=0)
    assert words in str(error.value)


def test_fewer_folds_where_no_class_has_so_many_pictures() -> None:
    folds = assign_folds(np.repeat([0, 1], 3), np.arange(6), LABELS, 5, seed=0)
    assert sorted(set(folds)) == [0, 1, 2]


def test_groups_by_name() -> None:
    files = ["cat/a/1.jpg", "cat/a/2.jpg", "cat/3.jpg", "cat/4.jpg", "dog/a/5.jpg"]
    assert len(set(named_groups(files, None))) == 5
    first, second, third, fourth, fifth = named_groups(files, "sub-folder")
    assert first == second
    assert len({first, third, fourth, fifth}) == 4
    cameras = named_groups(["cat/c1_1.jpg", "dog/c1_2.jpg", "dog/c2_1.jpg", "dog/x.jpg"], r"(c\d)_")
    assert cameras[0] == cameras[1]
    assert len(set(cameras)) == 3
    with pytest.raises(SettingError, match=r"matches no picture's name, such as .cat/a/1.jpg"):
        named_groups(files, "frame")


def test_repeats_are_of_one_group_but_not_what_a_fixed_camera_saw() -> None:
    random = np.random.default_rng(0)
    different = random.normal(size=(40, 64)).astype(np.float32)
    twin = different[3] + 0.02 * random.normal(size=64).astype(np.float32)
    of_other_class = different[5] + 0.02 * random.normal(size=64).astype(np.float32)
    features = np.vstack([different, twin, of_other_class])
    targets = np.array([0] * 41 + [1])
    groups = merge_repeats(np.arange(42), features, targets)
    assert groups[3] == groups[40]
    assert len(set(groups)) == 41
    scene = random.normal(size=64).astype(np.float32)
    fixed = scene + 0.02 * random.normal(size=(40, 64)).astype(np.float32)
    mixed = np.vstack([fixed, different])
    assert len(set(merge_repeats(np.arange(80), mixed, np.repeat([0, 1], 40)))) == 80


def test_repeats_join_whole_groups() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(30, 64)).astype(np.float32)
    features[20] = features[0] * 1.001
    groups = merge_repeats(np.arange(30) // 2, features, np.zeros(30, int))
    assert groups[0] == groups[1] == groups[20] == groups[21]
    assert len(set(groups)) == 14


def test_without_scikit_learn_the_pip_line_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.model_selection", None)
    with pytest.raises(MissingExtraError, match=r"pip install .*\[teach\]"):
        assign_folds(np.repeat([0, 1], 10), np.arange(20), LABELS, 2, seed=0)

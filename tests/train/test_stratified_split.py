from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from pocketlens.errors import DatasetError
from pocketlens_train.stratified_split import split


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
    with pytest.raises(DatasetError, match=r"'b' has 1 usable .* 2: one each to train, test$"):
        split([0] * 1000 + [1], ("a", "b"), shares=(0.3,), seed=0, options=("--test-split",))
    with pytest.raises(DatasetError, match="cannot be split"):
        split([0, 1, 2] * 3, ("a", "b", "c"), shares=(0.01, 0.1), seed=0)


def test_small_collections_say_what_to_do() -> None:
    """In our own words, and what is advised works."""
    eight = [0, 1] * 4
    with pytest.raises(DatasetError) as refused:
        split(eight, ("a", "b"), shares=(0.3, 0.1), seed=0)
    assert str(refused.value) == (
        "8 pictures of 2 classes cannot be split: --validation-split 0.1 takes 1 of 5, expected "
        "one or more of each class on both sides; add pictures or try --validation-split 0.4"
    )
    assert [len(part) for part in split(eight, ("a", "b"), shares=(0.3, 0.4), seed=0)] == [3, 2, 3]
    with pytest.raises(DatasetError, match=r"add pictures or try --test-split 0\.75$"):
        split(eight, ("a", "b"), shares=(0.9, 0.1), seed=0)
    with pytest.raises(DatasetError, match=r"--validation-split 0\.1 takes 1 of 3, .* pictures$"):
        split([0, 1] * 3, ("a", "b"), shares=(0.5, 0.1), seed=0)


def test_class_that_is_too_small_for_every_part() -> None:
    for seed in range(20):
        try:
            split([0] * 60 + [1] * 3, ("many", "few"), shares=(0.5, 0.5), seed=seed)
        except DatasetError as error:
            assert "add pictures, above all to 'few'" in str(error)
            return
    pytest.fail("every split gave each part one of the few")

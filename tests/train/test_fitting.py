"""What the whole network is to answer: how much each picture counts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

for library in ("keras", "sklearn", "tqdm"):
    pytest.importorskip(library)

from pocketlens_train import fitting
from pocketlens_train.interruption import Interruption
from pocketlens_train.recipe import Augmentation, Recipe

TARGETS = np.repeat([0, 1, 2], [8, 2, 6])
"""Of two classes, and six outliers, of which five are drawn each epoch."""


def counted(class_weights: str, teacher: bool = False) -> Any:
    """The sum of the targets of each class, over what an epoch learns from."""
    splits: Any = SimpleNamespace(
        targets=TARGETS,
        train=np.arange(10),
        outlier_rows=np.arange(10, 16),
        learnt=np.arange(16),
        unlabelled_rows=np.arange(16, 18) if teacher else np.arange(0),
        outliers_per_epoch=5,
        sources=[],
    )
    augmentation = Augmentation(1.0, 0.5, (1.0, 1.0), 0.0)
    recipe = Recipe(1, 8, 0.1, label_smoothing=0.1, augmentation=augmentation)
    settings = SimpleNamespace(class_weights=class_weights, seed=1)
    plan: Any = SimpleNamespace(recipe=recipe, settings=settings, teacher=teacher)
    (found,) = fitting._variants(plan, splits, 3, Path("answers"), Interruption())
    rows = found["probabilities"].sum(axis=1)
    assert (rows[16:] == 1).all()
    return np.bincount(TARGETS[:15], rows[:15])


@pytest.mark.parametrize("teacher", [False, True])
def test_class_weights_count_where_all_is_trained_at_once(
    teacher: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers(*about: Any, **more: Any) -> list[dict[str, Any]]:
        return [{"probabilities": np.full((18, 3), 1 / 3, np.float32)}]

    monkeypatch.setattr(fitting, "teach", answers)
    assert counted("none", teacher) == pytest.approx([8, 2, 5])
    assert counted("balanced", teacher) == pytest.approx([5, 5, 5])
    auto = counted("auto", teacher)
    assert auto / auto[1] == pytest.approx(np.sqrt([4, 1, 2.5]))

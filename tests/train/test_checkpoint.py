from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from pocketlens.errors import ModelError
from pocketlens_train.checkpoint import Checkpoint, SavedState, read_state
from pocketlens_train.interruption import Interruption
from pocketlens_train.recipe import Recipe


def small_model() -> Any:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    return model


def checkpoint_in(folder: Path, patience: int | None) -> Checkpoint:
    recipe = Recipe(epochs=9, batch_size=8, learning_rate=0.1, patience=patience)
    return Checkpoint(folder / "c.npz", {"seed": 1}, recipe, Interruption())


def saved_in(folder: Path) -> SavedState:
    saved = read_state(folder / "c.npz")
    assert saved
    return saved


def run_epochs(checkpoint: Checkpoint, model: Any, accuracies: list[float]) -> None:
    """As fit() would call it; the weights of epoch i are all i."""
    checkpoint.set_model(model)
    model.stop_training = False
    for accuracy in accuracies:
        epoch = checkpoint.epochs
        model.set_weights([np.full(w.shape, epoch, np.float32) for w in model.weights])
        checkpoint.on_test_end()
        figures = {"loss": 0.1, "accuracy": 0.5, "val_loss": 0.1, "val_accuracy": accuracy}
        checkpoint.on_epoch_end(epoch, figures)
        if model.stop_training:
            return


def test_best_epoch_is_kept_and_patience_ends_it(tmp_path: Path) -> None:
    checkpoint = checkpoint_in(tmp_path, patience=2)
    run_epochs(checkpoint, small_model(), [0.4, 0.8, 0.5, 0.8, 0.7, 0.6, 0.9])
    assert checkpoint.epochs == 6
    assert all((array == 3).all() for array in checkpoint.kept)
    again = checkpoint_in(tmp_path, patience=2)
    again.restore(small_model(), saved_in(tmp_path))
    assert again.ended()


def test_start_is_kept_unless_an_epoch_is_better(tmp_path: Path) -> None:
    checkpoint, model = checkpoint_in(tmp_path, patience=2), small_model()
    checkpoint.set_model(model)
    start = [np.full(w.shape, -1, np.float32) for w in model.weights]
    model.set_weights(start)
    checkpoint.on_test_end()
    checkpoint.start(0.8)
    run_epochs(checkpoint, model, [0.4, 0.8, 0.5])
    again = checkpoint_in(tmp_path, patience=2)
    again.restore(small_model(), saved_in(tmp_path))
    for each in (checkpoint, again):
        assert each.kept_start
        assert all((array == -1).all() for array in each.kept)
    run_epochs(checkpoint, model, [0.9, 0.7, 0.6])
    assert checkpoint.ended(), "patience counts the epochs alone"
    assert not checkpoint.kept_start
    assert all((array == 3).all() for array in checkpoint.kept)


def test_last_epoch_is_kept_without_patience(tmp_path: Path) -> None:
    checkpoint = checkpoint_in(tmp_path, patience=None)
    run_epochs(checkpoint, small_model(), [0.9, 0.5, 0.6])
    assert all((array == 2).all() for array in checkpoint.kept)


def test_restore_gives_back_everything(tmp_path: Path) -> None:
    first = checkpoint_in(tmp_path, patience=5)
    model = small_model()
    run_epochs(first, model, [0.7, 0.8, 0.6])
    model.optimizer.iterations.assign(77)
    first.on_test_end()
    first.on_epoch_end(3, {"loss": 1, "accuracy": 0, "val_loss": 1, "val_accuracy": 0})
    again, other = checkpoint_in(tmp_path, patience=5), small_model()
    again.restore(other, saved_in(tmp_path))
    assert again.history == first.history
    assert int(other.optimizer.iterations) == 77
    for mine, theirs in zip(first.kept, again.kept, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_loss_of_a_teachers_student_is_that_of_the_probabilities(tmp_path: Path) -> None:
    checkpoint = checkpoint_in(tmp_path, patience=None)
    checkpoint.set_model(small_model())
    checkpoint.on_test_end()
    figures = {"loss": -0.5, "probabilities_loss": 0.3, "embedding_loss": -0.8}
    figures |= {"val_loss": 0.2, "val_probabilities_loss": 0.1, "val_embedding_loss": 0.1}
    figures |= {"probabilities_accuracy": 0.8, "val_probabilities_accuracy": 0.9}
    checkpoint.on_epoch_end(0, figures)
    expected = {"loss": [0.3], "accuracy": [0.8], "val_loss": [0.1], "val_accuracy": [0.9]}
    assert checkpoint.history == expected


def test_nan_after_a_good_epoch_keeps_it(tmp_path: Path) -> None:
    checkpoint = checkpoint_in(tmp_path, patience=None)
    run_epochs(checkpoint, small_model(), [0.5])
    before = (tmp_path / "c.npz").read_bytes()
    with pytest.raises(ModelError, match="at step 5 of epoch 2; epoch 1 is kept"):
        checkpoint.on_train_batch_end(4, {"loss": float("nan")})
    with pytest.raises(ModelError, match="validation loss became inf in epoch 2; epoch 1 is kept"):
        infinite = {"loss": 1.0, "accuracy": 0.5, "val_loss": float("inf"), "val_accuracy": 0.5}
        checkpoint.on_epoch_end(1, infinite)
    assert (tmp_path / "c.npz").read_bytes() == before

"""Where a training stands, in one file: a killed run goes on from its last whole epoch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pocketlens.errors import ModelError, SettingError
from pocketlens_train.interruption import Interruption
from pocketlens_train.npz import read_npz, write_npz
from pocketlens_train.recipe import Recipe

_PICTURES = {
    "pictures": "pictures, or --exclude-list",
    "outliers": "--outliers, or none",
    "validation": "--validation, or none",
    "unlabelled": "--unlabelled, or none",
    "train": "part to train: --test or --validation, or none",
    "teacher": "--teacher, or none",
}
_OPTIONS = {
    name: f"--{name.replace('_', '-')}"
    for name in (
        *("arch", "epochs", "batch_size", "input_size", "color_mode", "seed"),
        *("depth", "crop_mode", "region"),
    )
} | {"validation_split": "--validation-split", "test_split": "--test-split"}


@dataclass(frozen=True)
class SavedState:
    """What a checkpoint file holds; in memory until its last reader is done.

    Attributes:
        file: The file.
        state: "settings", "history" and the "counts" of arrays by part.
        content: The arrays, by part and number.
    """

    file: Path
    state: dict[str, Any]
    content: dict[str, Any]

    def arrays(self, part: str) -> list[Any]:
        """The arrays of the part "kept", "model" or "optimizer"."""
        return [self.content[f"{part}{i}"] for i in range(self.state["counts"][part])]

    def check(self, fixed: dict[str, Any]) -> None:
        """Refuses to go on with a training that was started with different settings.

        Args:
            fixed: What must be the same, or some of it.

        Raises:
            SettingError: It is of a training with other settings or pictures.
        """
        started = self.state["settings"]
        differences = [
            f"{_OPTIONS.get(name, name)} was {started.get(name)}, is {value}"
            if name not in _PICTURES
            else f"other {_PICTURES[name]}"
            for name, value in fixed.items()
            if started.get(name) != value
        ]
        if differences:
            raise SettingError(
                f"{self.file.parent}: the training to resume was started with different settings "
                f"({'; '.join(differences)}); --resume needs the same command, else choose "
                "another --out"
            )


def read_state(file: Path) -> SavedState | None:
    """Reads a checkpoint; None where there is none.

    Raises:
        ModelError: The file cannot be read.
    """
    if not file.exists():
        return None
    try:
        content = read_npz(file)
        return SavedState(file, json.loads(str(content["state"])), content)
    except (ValueError, KeyError) as error:
        raise ModelError(f"{file}: cannot be read ({error}); remove it to start again") from error


class Checkpoint(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps history, weights and optimizer after each epoch; stops where it no longer helps.

    Must stand before SwapEMAWeights among the callbacks: at the end of a validation it finds the
    averaged weights in the model, at the end of an epoch the trained ones.

    Attributes:
        history: Of each epoch "loss", "accuracy", "val_loss", "val_accuracy".
        kept: The weights to keep: of the best epoch, or without patience those of the last; those
            of the start where no epoch was better.
    """

    def __init__(
        self,
        file: Path,
        fixed: dict[str, Any],
        recipe: Recipe,
        interruption: Interruption,
    ) -> None:
        super().__init__()
        self._interruption = interruption
        self._file, self._fixed, self._recipe = file, fixed, recipe
        self.history: dict[str, list[float]] = {}
        self.kept: list[Any] = []
        self._start = -1.0

    @property
    def epochs(self) -> int:
        """The number of epochs that are done."""
        return len(self.history.get("loss", ()))

    @property
    def kept_start(self) -> bool:
        """Whether no epoch was better than what start() took."""
        return self._recipe.patience is not None and self._best() <= self._start

    @property
    def start_accuracy(self) -> float | None:
        """That of start(), on the validation pictures; None where it was not called."""
        return self._start if self._start >= 0 else None

    def start(self, accuracy: float) -> None:
        """Takes the network as it was just tested, before the first epoch.

        Args:
            accuracy: On the validation pictures; only an epoch with a higher one is kept.
        """
        self._start, self.kept = accuracy, self._averaged

    def restore(self, model: Any, saved: SavedState) -> None:
        """Sets a compiled model, its optimizer and the history to where a killed run stood."""
        self.history, self.kept = saved.state["history"], saved.arrays("kept")
        self._start = saved.state.get("start", -1.0)
        model.set_weights(saved.arrays("model"))
        pairs = zip(model.optimizer.variables, saved.arrays("optimizer"), strict=True)
        for variable, array in pairs:
            # The one setting that may change, after a loss that became NaN.
            if variable.name != "learning_rate":
                variable.assign(array)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Stops between two steps, where nothing is half done."""
        self._interruption.check()
        loss = (logs or {}).get("loss", 0.0)
        if not np.isfinite(loss):
            raise ModelError(
                f"the loss became {loss} at step {batch + 1} of epoch {self.epochs + 1}; "
                f"{self._what_is_kept()}; try a smaller --learning-rate, with --resume or anew"
            )

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Stops between two steps of a validation too."""
        self._interruption.check()

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """Takes the averaged weights."""
        self._averaged = self.model.get_weights()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Writes the file, and stops when `patience` epochs brought nothing."""
        figures = {}
        for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
            head, _, tail = name.rpartition("_")
            of_student = f"{head}_probabilities_{tail}".lstrip("_")
            figures[name] = float((logs or {}).get(of_student, (logs or {}).get(name, np.nan)))
        if not np.isfinite(figures["val_loss"]):
            raise ModelError(
                f"the validation loss became {figures['val_loss']} in epoch {self.epochs + 1}; "
                f"{self._what_is_kept()}; try a smaller --learning-rate, with --resume or anew"
            )
        for name, value in figures.items():
            self.history.setdefault(name, []).append(value)
        if self._recipe.patience is None or not (self._epochs_since_best() or self.kept_start):
            self.kept = self._averaged
        self._write()
        self.model.stop_training = self.ended()
        self._interruption.check()

    def ended(self) -> bool:
        """Whether all epochs are done, or `patience` of them brought nothing."""
        patience = self._recipe.patience
        if patience is not None and self._epochs_since_best() >= patience:
            return True
        return self.epochs >= self._recipe.epochs

    def _epochs_since_best(self) -> int:
        # Not by the loss, which a teacher's soft targets raise while answers get better; of
        # equally good epochs the last.
        return self.history.get("val_accuracy", [0.0])[::-1].index(self._best())

    def _best(self) -> float:
        return max(self.history.get("val_accuracy", [0.0]))

    def _what_is_kept(self) -> str:
        return f"epoch {self.epochs} is kept" if self.epochs else "nothing is kept yet"

    def _write(self) -> None:
        parts = {
            "kept": self.kept,
            "model": self.model.get_weights(),
            "optimizer": [np.asarray(v) for v in self.model.optimizer.variables],
        }
        state = {
            "settings": self._fixed,
            "history": self.history,
            "start": self._start,
            "counts": {part: len(arrays) for part, arrays in parts.items()},
        }
        arrays = {f"{part}{i}": a for part, group in parts.items() for i, a in enumerate(group)}
        write_npz(self._file, {"state": json.dumps(state), **arrays})

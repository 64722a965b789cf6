"""Compile and fit, on Keras 3's own API: any of its backends will do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from pocketlens.decoding import Pixels
from pocketlens.errors import ModelError
from pocketlens_train.dataset import Indices


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of a memory-mapped picture array, drawn anew each epoch when shuffled."""

    def __init__(
        self, inputs: Pixels, targets: Indices, indices: Indices, batch_size: int, seed: int | None
    ) -> None:
        """Shuffles by `seed`; None keeps the order of `indices`."""
        super().__init__()
        self._inputs, self._targets, self._batch_size = inputs, targets, batch_size
        self._indices = indices.copy()
        self._random = None if seed is None else np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        """The number of batches, the last of which may be smaller."""
        return -(-len(self._indices) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[Pixels, Indices]:
        """Pictures and classes of one batch."""
        start = index * self._batch_size
        # In ascending order a memory-mapped file is read forwards.
        chosen = np.sort(self._indices[start : start + self._batch_size])
        return self._inputs[chosen], self._targets[chosen]

    def on_epoch_end(self) -> None:
        """Draws the next epoch's order."""
        if self._random is not None:
            self._random.shuffle(self._indices)


def build_model(
    build: Callable[[tuple[int, int, int], int], Any],
    input_shape: tuple[int, int, int],
    num_classes: int,
    seed: int,
) -> Any:
    """Builds and compiles a network.

    Raises:
        ModelError: The network cannot be built for pictures of that shape.
    """
    keras.utils.set_random_seed(seed)
    try:
        model = build(input_shape, num_classes)
    except ValueError as error:
        raise ModelError(
            f"the network cannot be built for an input of {input_shape} ({error}); "
            "choose a larger --input-size"
        ) from error
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model: Any, train: Batches, validation: Batches, epochs: int) -> dict[str, list[float]]:
    """Trains and returns the history, one number an epoch for each of loss and metrics.

    Raises:
        ModelError: The loss is no longer a number.
    """
    history = model.fit(
        train,
        validation_data=validation,
        epochs=epochs,
        callbacks=[keras.callbacks.TerminateOnNaN()],
        verbose="auto" if sys.stdout.isatty() else 2,
    ).history
    if not np.isfinite(list(history.values())).all():
        raise ModelError(
            f"the loss became {history['loss'][-1]} in epoch {len(history['loss'])} (validation: "
            f"{history['val_loss'][-1]}); "
            "nothing was saved: look for damaged pictures or try another --seed"
        )
    return {name: [float(value) for value in values] for name, values in history.items()}


def device(model: Any) -> str:
    """Where the weights live, such as "GPU:0", with the Keras backend."""
    place = str(model.weights[0].value.device).rpartition("device:")[2]
    return f"{place} ({keras.backend.backend()} backend)"

"""The last blocks of a network, trained on what the frozen ones make of the pictures.

What the frozen blocks answer is computed once, for some random crops of each picture, and serves
all folds and tries.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np
import numpy.typing as npt

from pocketlens.errors import ModelError
from pocketlens.learning.linear_head import Features, Indices, LinearHead
from pocketlens_train.batches import Targets
from pocketlens_train.optimizer import adamw, warmup_cosine
from pocketlens_train.recipe import TailRecipe

Activations: TypeAlias = npt.NDArray[np.float16]
Weights: TypeAlias = list[npt.NDArray[np.float32]]
_BATCH = 64


@dataclass(frozen=True)
class Kept:
    """What the frozen blocks answered.

    Attributes:
        plain: Of N pictures as predict() has them, N x h x w x D.
        crops: Of the crops, variants x N x h x w x D.
    """

    plain: Activations
    crops: Activations


class Tail:
    """The blocks of a network from one on, which is to be trained; the others stay as they are.

    Batch normalisation keeps the statistics of the large set that the network was trained on: those
    of a few hundred pictures are worse.
    """

    def __init__(self, model: Any, recipe: TailRecipe) -> None:
        """Cuts a network in two; the tail shares its weights.

        Args:
            model: With layers "bottleneck", "feature_map" and "activation_map".
            recipe: What to train, and how.
        """
        self.recipe = recipe
        entrance = model.get_layer(f"b{recipe.first_block}_expand").input
        pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")
        self.trunk = keras.Model(model.input, entrance)
        self._net = keras.Model(entrance, model.output)
        bottleneck = pooled(model.get_layer("bottleneck").output)
        self._observed = keras.Model(entrance, [model.output, bottleneck])
        self._head = model.get_layer("activation_map")
        for layer in self._net.layers:
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
        self._start: Weights = self._net.get_weights()
        self._optimizer: Any = None
        self._steps = 0
        self._fresh: list[Any] = []

    def fit(
        self,
        kept: Kept,
        targets: Targets,
        learnt: Indices,
        tested: Indices,
        head: LinearHead,
        *,
        seed: int,
        after_step: Callable[[], None],
    ) -> dict[str, list[float]]:
        """Trains from the start weights and a head.

        Args:
            kept: What the frozen blocks answered.
            targets: N x outputs: what to answer, times what the picture counts.
            learnt: The pictures to learn from.
            tested: The pictures to watch; may be none.
            head: Fitted on the frozen features of these.
            seed: Of the order.
            after_step: Called after each step.

        Returns:
            "loss", "accuracy" and, where pictures are watched, "val_loss" and "val_accuracy".

        Raises:
            ModelError: The loss is no longer a number.
        """
        self._compile(len(learnt))
        self._net.set_weights(self._start)
        head.put_into(self._head)
        for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
            variable.assign(value)
        steps = _Steps(after_step)
        data = _Crops(kept.crops, targets, learnt, self.recipe.batch_size, seed)
        watched = (kept.plain[tested].astype(np.float32), targets[tested]) if len(tested) else None
        found = self._net.fit(
            data,
            validation_data=watched,
            epochs=self.recipe.epochs,
            shuffle=False,  # the batches are drawn by their own seed
            verbose=0,
            callbacks=[steps],
        )
        return dict(found.history)

    def weights(self) -> Weights:
        """Of all layers from the entrance on."""
        return [np.asarray(weight) for weight in self._net.get_weights()]

    def mix(self, head: LinearHead, trained: Weights, share: float) -> None:
        """Sets the weights between the start, with a head, and trained ones (WiSE-FT).

        Args:
            head: That of the start.
            trained: From weights().
            share: 0 is the start, 1 is trained.
        """
        self._net.set_weights(self._start)
        head.put_into(self._head)
        if share:
            mixed = [a + (b - a) * share for a, b in zip(self.weights(), trained, strict=True)]
            self._net.set_weights(mixed)

    def answer(self, activations: Activations) -> tuple[Features, Features]:
        """Logits (N x outputs) and pooled bottleneck (N x D)."""
        logits, features = [], []
        for start in range(0, len(activations), _BATCH):
            part = activations[start : start + _BATCH].astype(np.float32)
            probabilities, pooled = self._observed.predict_on_batch(part)
            logits.append(np.log(np.asarray(probabilities).clip(min=1e-12)))
            features.append(np.asarray(pooled))
        return np.concatenate(logits), np.concatenate(features)

    def _compile(self, pictures: int) -> None:
        """Once for all folds, which are about as large."""
        recipe = self.recipe
        steps = -(-pictures // recipe.batch_size) * recipe.epochs
        if abs(steps - self._steps) <= self._steps // 20:
            return
        self._steps = steps
        optimizer = adamw(
            warmup_cosine(recipe.learning_rate, steps, steps // 10), recipe.weight_decay
        )
        self._net.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
        self._optimizer = self._net.optimizer
        self._optimizer.build(self._net.trainable_variables)
        self._fresh = [np.array(variable) for variable in self._optimizer.variables]


class _Crops(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of what the frozen blocks made of crops; each epoch takes the next crop."""

    def __init__(
        self, crops: Activations, targets: Targets, learnt: Indices, batch_size: int, seed: int
    ) -> None:
        super().__init__(workers=os.cpu_count() or 1, max_queue_size=8)
        self._crops, self._targets, self._learnt = crops, targets, learnt
        self._batch_size, self._seed = batch_size, seed
        self._begin(0)

    def __len__(self) -> int:
        return -(-len(self._learnt) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[Features, Targets]:
        rows = self._order[index * self._batch_size :][: self._batch_size]
        crops = self._crops[self._epoch % len(self._crops)]
        return crops[rows].astype(np.float32), self._targets[rows]

    def on_epoch_end(self) -> None:
        self._begin(self._epoch + 1)

    def _begin(self, epoch: int) -> None:
        self._epoch = epoch
        self._order = np.random.default_rng([self._seed, epoch]).permutation(self._learnt)


class _Steps(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, after_step: Callable[[], None]) -> None:
        super().__init__()
        self._after_step = after_step

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._after_step()
        loss = (logs or {}).get("loss", 0.0)
        if not np.isfinite(loss):
            raise ModelError(f"the loss became {loss}; try a smaller --learning-rate")

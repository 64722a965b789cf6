"""Compile and fit, on Keras 3's own API: any of its backends will do."""

from __future__ import annotations

import sys
from typing import Any

import keras

from pocketlens.errors import ModelError
from pocketlens_train.architectures import Architecture
from pocketlens_train.checkpoint import Checkpoint
from pocketlens_train.recipe import Recipe


def use_precision_of_device() -> str:
    """Half-precision arithmetic on a GPU, where it is fast; float32 on a CPU."""
    device = str(keras.Variable(0.0).value.device).lower()
    policy = "mixed_float16" if "gpu" in device or "cuda" in device else "float32"
    keras.mixed_precision.set_dtype_policy(policy)
    return policy


def build_model(
    architecture: Architecture,
    input_shape: tuple[int | None, int | None, int],
    num_outputs: int,
    seed: int,
) -> Any:
    """Builds a network.

    Raises:
        ModelError: The network cannot be built for pictures of that shape.
    """
    keras.utils.set_random_seed(seed)
    try:
        return architecture.build(input_shape, num_outputs)
    except ModelError:
        raise
    except ValueError as error:
        raise ModelError(
            f"the network cannot be built for an input of {input_shape} ({error}); "
            "choose a larger --input-size"
        ) from error


def compile_model(model: Any, recipe: Recipe, steps: int) -> None:
    """Sets optimizer, schedule and losses.

    Args:
        model: One output, or "probabilities" and the "embedding" of a teacher's features.
        recipe: How to train.
        steps: Of the whole training.
    """
    rate: Any = recipe.learning_rate
    if recipe.cosine:
        warmup = max(1, steps // 20)
        rate = keras.optimizers.schedules.CosineDecay(
            recipe.learning_rate / 20,
            max(1, steps - warmup),
            warmup_target=recipe.learning_rate,
            warmup_steps=warmup,
        )
    average = steps * recipe.ema_share
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=recipe.weight_decay,
        use_ema=average > 1,
        ema_momentum=1 - 1 / max(average, 2),
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    distilled = len(model.outputs) > 1
    # Every target is smoothed beforehand: a teacher's must not be.
    model.compile(
        optimizer=optimizer,
        loss={"probabilities": "categorical_crossentropy", "embedding": "cosine_similarity"}
        if distilled
        else "categorical_crossentropy",
        metrics={"probabilities": ["accuracy"]} if distilled else ["accuracy"],
    )


def fit(model: Any, train: Any, validation: Any, epochs: int, checkpoint: Checkpoint) -> None:
    """Trains on from where the checkpoint stands; history and weights are in the checkpoint.

    Raises:
        ModelError: The loss is no longer a number.
        KeyboardInterrupt: Ctrl-C, between two steps.
    """
    callbacks = [checkpoint]
    # On a GPU the optimizer is wrapped for half precision.
    if getattr(model.optimizer, "inner_optimizer", model.optimizer).use_ema:
        callbacks.append(keras.callbacks.SwapEMAWeights())
    model.fit(
        train,
        validation_data=validation,
        epochs=epochs,
        initial_epoch=checkpoint.epochs,
        callbacks=callbacks,
        shuffle=False,  # the batches are drawn by their own seed
        verbose="auto" if sys.stdout.isatty() else 2,
    )


def device(model: Any) -> str:
    """Where the weights live, such as "GPU:0", with the Keras backend."""
    place = str(model.weights[0].value.device).rpartition("device:")[2]
    return f"{place} ({keras.backend.backend()} backend)"

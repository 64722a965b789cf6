"""The optimizer of every training: AdamW under a half cosine."""

from __future__ import annotations

from typing import Any

import keras


def warmup_cosine(learning_rate: float, steps: int, warmup: int) -> Any:
    """A rate that rises over the steps of the warm-up and falls in a half cosine to 0."""
    warmup = max(1, warmup)
    return keras.optimizers.schedules.CosineDecay(
        learning_rate / 20,
        max(1, steps - warmup),
        warmup_target=learning_rate,
        warmup_steps=warmup,
    )


def adamw(learning_rate: Any, weight_decay: float, **ema: Any) -> Any:
    """AdamW that decays kernels, not biases and batch normalisation."""
    optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay, **ema)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer

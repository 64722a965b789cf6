"""The small network: EfficientNet-Lite0 up to block 11, one million parameters."""

from __future__ import annotations

from typing import Any

from pocketlens_train.architectures._efficientnet_lite import classifier
from pocketlens_train.recipe import Augmentation, Recipe, TailRecipe

INPUT_SIZE = (160, 160)
COLOR_MODE = "rgb"
RECIPE = Recipe(
    epochs=20,
    batch_size=64,
    learning_rate=1.5e-3,
    cosine=True,
    weight_decay=0.02,
    label_smoothing=0.04,
    ema_share=0.04,
    patience=8,
    augmentation=Augmentation(0.8, min_area=0.35, brightness=(0.3, 1.4), grayscale=0.2),
)
_CROPS = Augmentation(1.0, min_area=0.5, brightness=(0.6, 1.3), grayscale=0.1)
TAIL = TailRecipe(6, 16, 32, 1e-3, 0.02, 0.1, 8, _CROPS, head_teacher="lite0")


def build(input_shape: tuple[int | None, int | None, int], num_outputs: int) -> Any:
    """Twelve blocks, of which the stem and the first three keep their ImageNet weights."""
    return classifier(
        input_shape, num_outputs, blocks=12, frozen_blocks=3, head="small_head", head_filters=256
    )

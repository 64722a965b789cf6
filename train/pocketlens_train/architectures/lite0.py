"""The teacher: all of EfficientNet-Lite0, 3.4 million parameters.

Its labels are not smoothed: that would take away what a student learns from (Müller et al. 2019).
"""

from __future__ import annotations

from typing import Any

from pocketlens_train.architectures._efficientnet_lite import classifier
from pocketlens_train.recipe import Augmentation, Recipe, TailRecipe

INPUT_SIZE = (224, 224)
COLOR_MODE = "rgb"
RECIPE = Recipe(
    epochs=3,
    batch_size=64,
    learning_rate=3e-4,
    cosine=True,
    weight_decay=0.02,
    ema_share=0.1,
    patience=4,
    augmentation=Augmentation(0.8, min_area=0.35, brightness=(0.3, 1.4), grayscale=0.2),
)
_CROPS = Augmentation(1.0, min_area=0.5, brightness=(0.6, 1.3), grayscale=0.1)
TAIL = TailRecipe(12, 8, 32, 6e-4, 0.02, 0.1, 8, _CROPS)


def build(input_shape: tuple[int | None, int | None, int], num_outputs: int) -> Any:
    """Sixteen blocks, of which the stem and the first twelve keep their ImageNet weights."""
    return classifier(
        input_shape, num_outputs, blocks=16, frozen_blocks=12, head="head", head_filters=1280
    )

"""The convolutional network of the well-known cats-and-dogs tutorial."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from pocketlens_train.recipe import Recipe

INPUT_SIZE = (100, 100)
COLOR_MODE = "grayscale"
RECIPE = Recipe(epochs=5, batch_size=32, learning_rate=1e-3)
TAIL = None


def build(input_shape: tuple[int, int, int], num_outputs: int) -> Any:
    """Three Conv2D(64) blocks with max pooling and dropout, Dense(128), softmax."""
    return keras.Sequential(
        [
            keras.Input(input_shape, name="image", dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.1),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(num_outputs, activation="softmax"),
        ],
        name="tutorial",
    )

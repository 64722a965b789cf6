"""The networks, one module each; the module's name is the network's name.

What several share is in a module whose name begins with an underscore.

A module defines INPUT_SIZE (height, width) and COLOR_MODE, the defaults of its preprocessing,
RECIPE, the defaults of its training, TAIL, how its last blocks are fine-tuned from a head on
frozen features (None: it is always trained at once), and build(input_shape, num_outputs), which
returns an uncompiled keras.Model: uint8 pictures in, probabilities out, made of stock Keras layers
only.

Three layers, where a network has them, let it do more: "activation_map" (N x h x w x outputs), the
last one before the pooling, shows where it looked; "feature_map" (N x h x w x D), the one before
that, learns from a teacher's; "bottleneck" (N x h x w x D) tells a familiar picture from a strange
one. A network whose recipe crops takes pictures of any size: its input_shape may be (None, None,
channels).
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Protocol, cast

from pocketlens_train.recipe import Recipe, TailRecipe


class Architecture(Protocol):
    """What a module of this package defines."""

    INPUT_SIZE: tuple[int, int]
    COLOR_MODE: str
    RECIPE: Recipe
    TAIL: TailRecipe | None

    def build(self, input_shape: tuple[int | None, int | None, int], num_outputs: int) -> Any:
        """Returns the uncompiled keras.Model."""


def names() -> list[str]:
    """The names of the networks, found without importing Keras."""
    modules = pkgutil.iter_modules(__path__)
    return sorted(module.name for module in modules if not module.name.startswith("_"))


def load(name: str) -> Architecture:
    """The module of that name."""
    return cast(Architecture, importlib.import_module(f"{__name__}.{name}"))

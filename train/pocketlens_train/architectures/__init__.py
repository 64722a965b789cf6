"""The networks, one module each; the module's name is the network's name.

A module defines INPUT_SIZE (height, width) and COLOR_MODE, the defaults of its preprocessing,
and build(input_shape, num_classes), which returns an uncompiled keras.Model: uint8 pictures in,
class probabilities out, made of stock Keras layers only.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any, Protocol, cast


class Architecture(Protocol):
    """What a module of this package defines."""

    INPUT_SIZE: tuple[int, int]
    COLOR_MODE: str

    def build(self, input_shape: tuple[int, int, int], num_classes: int) -> Any:
        """Returns the uncompiled keras.Model."""


def names() -> list[str]:
    """The names of the networks, found without importing Keras."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Architecture:
    """The module of that name."""
    return cast(Architecture, importlib.import_module(f"{__name__}.{name}"))

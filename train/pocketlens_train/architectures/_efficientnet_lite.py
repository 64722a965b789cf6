"""EfficientNet-Lite0 (Tan and Le 2019; the variant without squeeze-and-excitation) in Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from pocketlens.errors import ModelError
from pocketlens_train.npz import read_npz

WEIGHTS = Path(__file__).parents[1] / "weights" / "efficientnet_lite0_imagenet.npz"

# repeats, kernel, stride, expansion, filters
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def classifier(
    input_shape: tuple[int | None, int | None, int],
    num_outputs: int,
    *,
    blocks: int,
    frozen_blocks: int,
    head: str,
    head_filters: int,
) -> Any:
    """Builds a classifier on the first blocks of EfficientNet-Lite0, with ImageNet weights.

    The classes are told apart at each place of the last feature map and averaged afterwards, which
    gives the same numbers as a dense layer after the pooling (both are linear).

    Args:
        input_shape: Height, width (None for any) and channels, 1 or 3.
        num_outputs: The number of probabilities.
        blocks: How many of the 16 blocks to keep.
        frozen_blocks: The stem and this many blocks keep their ImageNet weights.
        head: The name of the last convolution; "head" has pretrained weights where it fits.
        head_filters: Its filters.

    Raises:
        ModelError: The start weights do not fit the network.
    """
    image = keras.Input(input_shape, name="image", dtype="uint8")
    x = layers.Rescaling(1 / 128, offset=-127 / 128)(image)
    x = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(x)
    x = _relu6(_batch_norm(x, "stem_bn"))
    kinds = [(*stage[1:], repeat) for stage in _STAGES for repeat in range(stage[0])]
    for number, (kernel, stride, expansion, filters, repeat) in enumerate(kinds[:blocks]):
        x = _block(x, f"b{number}", kernel, 1 if repeat else stride, expansion, filters)
    x = layers.Identity(name="bottleneck")(x)
    x = layers.Conv2D(head_filters, 1, use_bias=False, name=f"{head}_conv")(x)
    x = layers.ReLU(6, name="feature_map")(_batch_norm(x, f"{head}_bn"))
    x = layers.Conv2D(num_outputs, 1, name="activation_map", dtype="float32")(x)
    x = layers.GlobalAveragePooling2D(dtype="float32")(x)
    model = keras.Model(image, layers.Softmax(name="probabilities", dtype="float32")(x))
    own = ("activation_map/", "small_head_")
    load_start_weights(model, WEIGHTS, own)
    frozen = ("stem_", *(f"b{number}_" for number in range(frozen_blocks)))
    for layer in model.layers:
        layer.trainable = not layer.name.startswith(frozen)
    return model


def load_start_weights(model: Any, file: Path, own: tuple[str, ...]) -> None:
    """Sets the weights that the file holds by the names "layer/weight".

    Args:
        model: The network.
        file: An .npz file.
        own: Prefixes of weights that are not taken from the file.

    Raises:
        ModelError: The file cannot be read, lacks a weight, or has one of another shape.
    """
    try:
        arrays = {name: array.astype(np.float32) for name, array in read_npz(file).items()}
    except ValueError as error:
        raise ModelError(
            f"{file}: cannot be read as start weights ({error}); install pocketlens again"
        ) from error
    for layer in model.layers:
        for weight in layer.weights:
            name = f"{layer.name}/{weight.name}"
            if name.startswith(own):
                continue
            if name not in arrays:
                raise ModelError(f"{file}: lacks the start weight {name}; install pocketlens again")
            array = arrays[name]
            if array.ndim == 4 and array.shape[2] == 3 and weight.shape[2] == 1:
                # A grey picture is one with three equal channels.
                array = array.sum(axis=2, keepdims=True)
            if array.shape != tuple(weight.shape):
                raise ModelError(
                    f"{file}: start weight {name} has shape {array.shape}, "
                    f"the network expects {tuple(weight.shape)}"
                )
            weight.assign(array)


def _block(x: Any, name: str, kernel: int, stride: int, expansion: int, filters: int) -> Any:
    """A MobileNetV2 block: expand, depthwise convolution, project, add."""
    y, channels = x, x.shape[-1]
    if expansion > 1:
        y = layers.Conv2D(channels * expansion, 1, use_bias=False, name=f"{name}_expand")(y)
        y = _relu6(_batch_norm(y, f"{name}_bn0"))
    y = layers.DepthwiseConv2D(
        kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_dw"
    )(y)
    y = _relu6(_batch_norm(y, f"{name}_bn1"))
    y = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project")(y)
    y = _batch_norm(y, f"{name}_bn2")
    return layers.Add()([x, y]) if stride == 1 and channels == filters else y


def _batch_norm(x: Any, name: str) -> Any:
    return layers.BatchNormalization(epsilon=1e-3, name=name)(x)


def _relu6(x: Any) -> Any:
    return layers.ReLU(6)(x)

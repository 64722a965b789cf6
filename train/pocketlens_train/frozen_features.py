"""What the frozen part of a network answers: features of pictures, and activations of crops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from pocketlens.engine.cores import usable_cores
from pocketlens.engine.parallel import map_in_order
from pocketlens.learning.linear_head import Features, Indices
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train.augmentation import distort, draw_boxes
from pocketlens_train.batches import crop_input, picture
from pocketlens_train.pixel_cache import open_cache
from pocketlens_train.recipe import Augmentation, TailRecipe
from pocketlens_train.splits import Splits
from pocketlens_train.tail import Kept, Tail

_BATCH = 32
Check = Callable[[], None]


@dataclass(frozen=True)
class FrozenFeatures:
    """Of N pictures.

    Attributes:
        plain: The pooled "feature_map", N x D.
        mirrored: That of their mirror images.
        bottleneck: The pooled "bottleneck", N x E.
    """

    plain: Features
    mirrored: Features
    bottleneck: Features


def frozen_features(model: Any, splits: Splits, check: Check) -> FrozenFeatures:
    """Features of all pictures and of their mirror images.

    Args:
        model: With its start weights.
        splits: The pictures, then the outliers.
        check: Called between batches.
    """
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32")
    inner = [model.get_layer(name).output for name in ("feature_map", "bottleneck")]
    joined = keras.layers.Concatenate(dtype="float32")([pooled(each) for each in inner])
    network = keras.Model(model.input, joined)
    width = inner[0].shape[-1]
    count = sum(map(len, splits.inputs))

    def both(rows: Indices) -> Pixels:
        plain = np.stack([picture(splits.inputs, row) for row in rows])
        return np.concatenate([plain, plain[:, :, ::-1]])

    found = list(_answers(network, both, count, "features", check))
    halves = [np.split(each, 2) for each in found]
    plain, mirrored = (np.concatenate([half[side] for half in halves]) for side in (0, 1))
    plain, mirrored = plain[:count], mirrored[:count]
    return FrozenFeatures(plain[:, :width], mirrored[:, :width], plain[:, width:])


def keep_activations(
    tail: Tail, splits: Splits, preprocessing: Preprocessing, seed: int, cache: Path, check: Check
) -> Kept:
    """What the frozen blocks before a tail make of the pictures and of random crops of them.

    Args:
        tail: Whose trunk answers.
        splits: The pictures, as predict() has them and as kept for crops.
        preprocessing: How a crop becomes the network's input.
        seed: Of the crops.
        cache: A file for what is kept.
        check: Called between batches.

    Raises:
        FileError: There is no room for it.
    """
    recipe, count = tail.recipe, sum(map(len, splits.inputs))
    shape = tail.trunk.compute_output_shape((1, *preprocessing.input_shape))[1:]
    kept = open_cache(cache, (1 + recipe.variants, count, *shape), np.float16)

    def plain(rows: Indices) -> Pixels:
        return np.stack([picture(splits.inputs, row) for row in rows])

    _fill(kept[0], _answers(tail.trunk, plain, count, "pictures", check))
    for variant in range(recipe.variants):
        crops = _crops(splits, recipe, preprocessing, seed, variant)
        title = f"crops, {variant + 1} of {recipe.variants}"
        _fill(kept[1 + variant], _answers(tail.trunk, crops, count, title, check))
    return Kept(kept[0], kept[1:])


def _crops(
    splits: Splits, recipe: TailRecipe, preprocessing: Preprocessing, seed: int, variant: int
) -> Callable[[Indices], Pixels]:
    augmentation: Augmentation = recipe.augmentation
    count = sum(map(len, splits.sources))
    boxes = draw_boxes(count, augmentation.min_area, seed, variant)

    def crops(rows: Indices) -> Pixels:
        random = np.random.default_rng([seed, variant, int(rows[0])])
        inputs = (crop_input(splits.sources, boxes, row, preprocessing) for row in rows)
        return np.stack([distort(each, augmentation, random) for each in inputs])

    return crops


def _answers(
    network: Any, prepare: Callable[[Indices], Pixels], count: int, title: str, check: Check
) -> Iterator[Any]:
    """Yields the network's answers for each batch; the last is filled up, which saves a trace."""

    def batch(start: int) -> Pixels:
        return prepare(np.arange(start, start + _BATCH).clip(max=count - 1))

    starts = range(0, count, _BATCH)
    batches = map_in_order(batch, starts, usable_cores())
    for inputs in tqdm(batches, title, len(starts), unit="batch", leave=False, disable=None):
        check()
        yield np.asarray(network.predict_on_batch(inputs))


def _fill(kept: Any, answers: Iterator[Any]) -> None:
    start = 0
    for answer in answers:
        end = min(start + len(answer), len(kept))
        kept[start:end] = answer[: end - start]
        start = end

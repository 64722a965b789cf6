"""A linear head on frozen features: where the training of a whole network begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pocketlens.learning.class_weights import output_weights
from pocketlens.learning.linear_head import Features, Indices, fit_head
from pocketlens.pictures.preprocessing import Preprocessing
from pocketlens_train import architectures
from pocketlens_train.frozen_features import pooled_features
from pocketlens_train.plan import Plan
from pocketlens_train.splits import Splits

STRENGTH = 0.01
"""scikit-learn's C."""
_MOST, _FEW = 6000, 5


def start_from_head(model: Any, plan: Plan, splits: Splits, check: Callable[[], None]) -> None:
    """Fits a head on what the start weights make of some pictures, and puts it into the network.

    Args:
        model: From the plan's build().
        plan: Of a network with layers "feature_map" and "activation_map".
        splits: The pictures.
        check: Called between batches.
    """
    targets = splits.targets[splits.learnt]
    counts = np.bincount(targets, minlength=len(plan.labels) + plan.has_outliers)
    counts[len(plan.labels) :] = splits.outliers_per_epoch
    drawn = _draw(targets, counts, plan.settings.seed)
    # The cutting is done.
    preprocessing = Preprocessing(plan.preprocessing.input_size, plan.preprocessing.color_mode)
    features = pooled_features(model, splits, splits.learnt[drawn], preprocessing, check)
    weights = output_weights(targets[drawn], len(counts), plan.settings.class_weights)
    head = fit_head([features], targets[drawn], weights, STRENGTH)
    head.put_into(model.get_layer("activation_map"))


def teacher_features(name: str, plan: Plan, splits: Splits, check: Callable[[], None]) -> Features:
    """What a larger frozen network makes of all pictures that are learnt from.

    Args:
        name: Its architecture.
        plan: That of the smaller network.
        splits: The pictures.
        check: Called between batches.
    """
    architecture = architectures.load(name)
    preprocessing = Preprocessing(architecture.INPUT_SIZE, plan.preprocessing.color_mode)
    model = architecture.build(preprocessing.input_shape, len(plan.labels))
    return pooled_features(model, splits, splits.learnt, preprocessing, check)


def _draw(targets: Indices, counts: Indices, seed: int) -> Indices:
    """Places of about as many pictures as memory has room for, a few at least of each class."""
    quotas = np.maximum(np.rint(counts * (_MOST / counts.sum())), _FEW).clip(max=counts)
    order = np.random.default_rng(seed).permutation(len(targets))
    order = order[np.argsort(targets[order], kind="stable")]
    of_class = targets[order]
    place_in_class = np.arange(len(order)) - np.searchsorted(of_class, of_class)
    return np.sort(order[place_in_class < quotas[of_class]])

"""What a network answers to pictures that it has not learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np

from pocketlens.metrics import Probabilities
from pocketlens_train.batches import Batches
from pocketlens_train.held_out import HeldOut


def answer(model: Any, pictures: HeldOut, classes: int) -> Probabilities:
    """N x classes: the probabilities, the outliers' share left out."""
    count = len(pictures.files)
    no_targets = {"probabilities": np.zeros((count, model.outputs[0].shape[-1]), np.float32)}
    batches = Batches([pictures.inputs], [no_targets], np.arange(count), 64)
    known = model.predict(batches, verbose=0)[:, :classes].astype(np.float64)
    return np.asarray(known / known.sum(axis=1, keepdims=True))

"""A linear classifier on frozen features: the start of every training, and often hard to beat."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pocketlens.engine.cores import usable_cores
from pocketlens.engine.parallel import map_in_order
from pocketlens.extras import requires_extra
from pocketlens.metrics import log_losses, softmax

Features: TypeAlias = npt.NDArray[np.float32]
Logits: TypeAlias = npt.NDArray[np.float32]
Indices: TypeAlias = npt.NDArray[np.intp]

STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""scikit-learn's C, the inverse of the regularisation."""
_START = STRENGTHS.index(0.01)
_ABSENT = -20.0
"""The bias of a class that a fold's training pictures lack."""
_ITERATIONS = 150


@dataclass(frozen=True)
class LinearHead:
    """Logits = features @ kernel + bias.

    Attributes:
        kernel: D x outputs.
        bias: One for each output.
    """

    kernel: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]

    def logits(self, features: Features) -> Logits:
        """N x outputs."""
        return np.asarray(features @ self.kernel + self.bias, np.float32)

    def put_into(self, layer: Any) -> None:
        """As the weights of a 1x1 convolution before global average pooling: both are linear."""
        layer.set_weights([self.kernel[None, None], self.bias])


@dataclass(frozen=True)
class Chosen:
    """What cross-validation chose.

    Attributes:
        strength: scikit-learn's C.
        mirror: Whether mirror images are of the same class, as far as the pictures tell.
        logits: N x outputs: each picture's by a head that has not seen it.
    """

    strength: float
    mirror: bool
    logits: Logits


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """In it, matrix products are of one thread: several spin, and lose where others work too.

    Raises:
        MissingExtraError: scikit-learn, which brings what does this, is not installed.
    """
    with requires_extra("teach", "threadpoolctl"):
        from threadpoolctl import threadpool_limits
    with threadpool_limits(1, user_api="blas"):
        yield


def fit_head(
    views: Sequence[Features], targets: Indices, weights: npt.NDArray[np.float64], strength: float
) -> LinearHead:
    """Multinomial logistic regression on standardised features.

    Args:
        views: N x D each: the pictures, and their mirror images where these are of the same class.
        targets: For each picture its class.
        weights: For each output how much one of its pictures counts.
        strength: scikit-learn's C, the inverse of the regularisation.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    with _fitting():
        return _fit(views, targets, weights, strength)


@contextmanager
def _fitting() -> Iterator[None]:
    """Around _fit(), outside of worker threads: the filters of warnings are the process's."""
    with requires_extra("teach", "sklearn"):
        from sklearn.exceptions import ConvergenceWarning
    with one_blas_thread(), warnings.catch_warnings():
        # A head that is not at the optimum to the last digit is as good.
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _fit(
    views: Sequence[Features], targets: Indices, weights: npt.NDArray[np.float64], strength: float
) -> LinearHead:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    features, repeated = np.concatenate(views), np.tile(targets, len(views))
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=strength, max_iter=_ITERATIONS, tol=1e-3)
    model.fit(scaler.transform(features), repeated, sample_weight=weights[repeated])
    present, rows, offsets = model.classes_, model.coef_, model.intercept_
    if len(present) == 2:
        # Of two classes scikit-learn gives one difference.
        rows, offsets = np.concatenate([-rows / 2, rows / 2]), np.append(-offsets, offsets) / 2
    kernel = np.zeros((features.shape[1], len(weights)), np.float32)
    bias = np.full(len(weights), _ABSENT, np.float32)
    kernel[:, present] = (rows / scaler.scale_).T
    bias[present] = offsets - (rows * (scaler.mean_ / scaler.scale_)).sum(axis=1)
    return LinearHead(kernel, bias)


def answer_out_of_fold(
    views: Sequence[Features],
    targets: Indices,
    folds: Indices,
    weights: npt.NDArray[np.float64],
    strength: float,
) -> Logits:
    """N x outputs: for each picture that is tested the answer of a head that has not seen it.

    Args:
        views: As of fit_head(); the pictures come first.
        targets: For each picture its class.
        folds: For each picture the fold it is tested in; -1 for one that is only learnt from.
        weights: As of fit_head().
        strength: As of fit_head().
    """

    def fit(fold: int) -> LinearHead:
        learnt = folds != fold
        return _fit([view[learnt] for view in views], targets[learnt], weights, strength)

    logits = np.zeros((len(targets), len(weights)), np.float32)
    with _fitting():
        heads = map_in_order(fit, range(int(folds.max()) + 1), usable_cores())
        for fold, head in enumerate(heads):
            logits[folds == fold] = head.logits(views[0][folds == fold])
    return logits


def choose_head(
    plain: Features,
    mirrored: Features,
    targets: Indices,
    folds: Indices,
    weights: npt.NDArray[np.float64],
) -> Chosen:
    """Chooses strength and mirror images by the log loss on pictures a head has not seen.

    Args:
        plain: N x D features.
        mirrored: Those of the mirror images.
        targets: For each picture its class.
        folds: For each picture the fold it is tested in; -1 for one that is only learnt from.
        weights: As of fit_head().
    """

    def answer(views: Sequence[Features], strength: float) -> Logits:
        return answer_out_of_fold(views, targets, folds, weights, strength)

    def loss(logits: Logits) -> float:
        rows = np.flatnonzero(folds >= 0)
        losses = log_losses(targets[rows], softmax(logits[rows]))
        return float(np.average(losses, weights=weights[targets[rows]]))

    both = [plain, mirrored]
    strength, logits = _descend(lambda place: answer(both, STRENGTHS[place]), loss)
    unmirrored = answer([plain], strength)
    # A mirror image doubles what is seen of a picture: without it the loss is higher by nature.
    if loss(unmirrored) < loss(logits):
        return Chosen(strength, False, unmirrored)
    return Chosen(strength, True, logits)


def _descend(
    answer: Callable[[int], Logits], loss: Callable[[Logits], float]
) -> tuple[float, Logits]:
    """Goes from the usual strength to where the loss no longer falls: it has one valley."""
    tried = {_START: answer(_START)}
    losses = {_START: loss(tried[_START])}
    for step in (-1, 1):
        best = min(losses, key=losses.__getitem__)
        while best == min(losses, key=losses.__getitem__) and 0 <= best + step < len(STRENGTHS):
            place = best + step
            if place not in tried:
                tried[place] = answer(place)
                losses[place] = loss(tried[place])
            best = place
    best = min(losses, key=losses.__getitem__)
    return STRENGTHS[best], tried[best]

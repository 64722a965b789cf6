"""The distance of a picture's features to the nearest class (Lee et al. 2018).

The classes are Gaussians with one common covariance, estimated with shrinkage (Ledoit and Wolf).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketlens.extras import requires_extra
from pocketlens.metrics import Classes

_SAME = 1e-5
"""The share of the largest feature below which pictures of a class do not differ."""


@dataclass(frozen=True)
class Gaussians:
    """Class means in a space where the covariance within a class is the unit matrix.

    That matrix is the largest part of what tells strange pictures. In int8 it takes a quarter, and
    tells them as well.

    Attributes:
        codes: The whitening matrix in steps, int8, D x D.
        steps: Of its columns, D.
        means: K x D, whitened.
    """

    codes: Any
    steps: Any
    means: Any

    @property
    def whitening(self) -> Any:
        """D x D."""
        return self.codes * self.steps

    def distance(self, features: Any) -> Any:
        """The squared Mahalanobis distance to the nearest class: N numbers for N x D features."""
        white = features @ self.whitening
        squares = np.square(white).sum(axis=1, keepdims=True)
        own = np.square(self.means).sum(axis=1)
        return (squares - 2 * white @ self.means.T + own).min(axis=1)


def fit_gaussians(features: Any, truth: Classes) -> Gaussians:
    """Estimates the classes' Gaussians.

    Args:
        features: N x D, of training pictures.
        truth: The class of each.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    with requires_extra("export", "sklearn"):
        from sklearn.covariance import LedoitWolf
    labels, row = np.unique(truth, return_inverse=True)
    means = np.stack([features[truth == label].mean(axis=0) for label in labels])
    within = features - means[row]
    # One picture a class, or all alike, says nothing of how much those of a class differ.
    precision = np.eye(features.shape[1])
    if np.abs(within).max() > _SAME * np.abs(features).max():
        precision = LedoitWolf(assume_centered=True).fit(within).precision_
    return _gaussians(means, precision)


def familiarity_out_of_fold(features: Sequence[Any], targets: Classes, folds: Classes) -> Any:
    """As a finished file measures it, of each picture by the classes of the other folds.

    Args:
        features: For each fold N x D, by a network that has not learnt from it.
        targets: For each picture its class.
        folds: For each picture the fold it is tested in; -1 for one that is only learnt from.

    Returns:
        A number for each picture that is tested.
    """
    found = np.zeros(len(targets), np.float32)
    for fold, of_fold in enumerate(features):
        gaussians = fit_gaussians(of_fold[folds != fold], targets[folds != fold])
        found[folds == fold] = -gaussians.distance(of_fold[folds == fold])
    return found[folds >= 0]


def widen_gaussians(known: Gaussians, counts: Any, features: Any, truth: Classes) -> Gaussians:
    """The Gaussians with more pictures, from those of the pictures before.

    Args:
        known: Of K classes.
        counts: K or more numbers: of how many pictures each class is; 0 for a new one.
        features: N x D, of the pictures that are new.
        truth: The class of each; new classes follow the known ones.
    """
    covariance = np.linalg.inv((known.whitening @ known.whitening.T).astype(np.float64))
    before = np.zeros((len(counts), features.shape[1]))
    before[: len(known.means)] = known.means @ np.linalg.inv(known.whitening)
    added = np.bincount(truth, minlength=len(counts))
    sums = np.zeros_like(before)
    np.add.at(sums, truth, features)
    means = (before * counts[:, None] + sums) / (counts + added)[:, None]
    moved = (means - before)[: len(known.means)]
    scatter = covariance * counts.sum()
    scatter += (moved * counts[: len(moved), None]).T @ moved
    centred = features - means[truth]
    scatter += centred.T @ centred
    return _gaussians(means, np.linalg.inv(scatter / (counts.sum() + len(truth))))


def _gaussians(means: Any, precision: Any) -> Gaussians:
    whitening = np.linalg.cholesky(precision)
    steps = (np.abs(whitening).max(axis=0) / 127).astype(np.float32)
    codes = np.rint(whitening / steps).astype(np.int8)
    return Gaussians(codes, steps, (means @ (codes * steps)).astype(np.float32))

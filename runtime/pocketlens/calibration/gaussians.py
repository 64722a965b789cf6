"""The distance of a picture's features to the nearest class (Lee et al. 2018).

The classes are Gaussians with one common covariance, estimated with shrinkage (Ledoit and Wolf).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketlens.extras import requires_extra
from pocketlens.metrics import Classes


@dataclass(frozen=True)
class Gaussians:
    """Class means in a space where the covariance within a class is the unit matrix.

    Attributes:
        whitening: D x D.
        means: K x D, whitened.
    """

    whitening: Any
    means: Any

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
    spread, rounding = features - means[row], 1e-5 * np.abs(features).max()
    if np.abs(spread).max() <= rounding:
        # One picture a class says nothing of how much those of a class differ.
        spread = features - features.mean(axis=0)
    precision = np.eye(features.shape[1])
    if np.abs(spread).max() > rounding:
        precision = LedoitWolf(assume_centered=True).fit(spread).precision_
    whitening = np.linalg.cholesky(precision).astype(np.float32)
    return Gaussians(whitening, (means @ whitening).astype(np.float32))

"""How familiar a picture looks: the network's raw number against those of validation pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.errors import ModelError, SettingError
from pocketlens.metadata.measurements import Interval, Row, between

LEVELS = (0, 0.001, 0.002, 0.005, *(i / 100 for i in range(1, 10)), *(i / 20 for i in range(2, 21)))
"""The shares of validation pictures whose raw numbers a model's metadata holds."""

ACCEPTED = 0.98
"""The share of validation pictures that a model accepts unless load_model() says otherwise."""


@dataclass(frozen=True)
class Rejection:
    """How well pictures of no class are told from test pictures.

    Attributes:
        auroc: Area under the ROC curve of familiarity.
        auroc_interval: Its 95 % interval.
        outliers: Number of pictures of no class, of kinds that the training has not seen.
        outliers_rejected: The share of them that is rejected.
        outliers_rejected_interval: Its 95 % interval.
        test_accepted: The share of test pictures that is accepted.
    """

    auroc: float
    auroc_interval: Interval
    outliers: int
    outliers_rejected: float
    outliers_rejected_interval: Interval
    test_accepted: float

    def text(self) -> str:
        """The figures in words."""
        low, high = self.auroc_interval
        return (
            f"of {self.outliers:,} pictures of no class, of kinds unknown to the training, "
            f"{self.outliers_rejected:.1%} are rejected (95 % interval "
            f"{between(self.outliers_rejected_interval)}), of the test pictures "
            f"{1 - self.test_accepted:.1%}; area under the ROC curve {self.auroc:.4f} "
            f"({low:.4f} to {high:.4f})"
        )


@dataclass(frozen=True)
class Familiarity:
    """What a picture's raw number is compared with.

    Attributes:
        levels: Ascending shares of validation pictures, 0 to 1.
        quantiles: The raw numbers at these levels.
        threshold: The familiarity below which pictures are rejected, 0 to 1.
        method: How the network measures it, in words.
        validation_images: How many pictures the quantiles are of.
        rejection: Measured on pictures of no class; None where there were none.
    """

    levels: tuple[float, ...]
    quantiles: tuple[float, ...]
    threshold: float
    method: str = ""
    validation_images: int = 0
    rejection: Rejection | None = None

    def __post_init__(self) -> None:
        """Refuses levels and quantiles that a picture cannot be compared with."""
        levels, values = np.asarray(self.levels), np.asarray(self.quantiles)
        sound = len(levels) == len(values) > 1
        sound = sound and bool((np.diff(levels) > 0).all() and (np.diff(values) >= 0).all())
        if not sound or not 0 <= self.threshold <= 1:
            raise ModelError(
                f"its metadata has a familiarity of {vars(self)!r:.200}, expected ascending levels "
                "and quantiles and a threshold from 0 to 1; export the model again"
            )

    def of(self, raw: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """The share of validation pictures with a smaller raw number, for each of N numbers."""
        return np.asarray(np.interp(raw, self.quantiles, self.levels))

    def rows(self) -> Iterator[Row]:
        """Label and value of each fact."""
        yield (
            "rejects",
            f"below a familiarity of {self.threshold:.2f}, by {self.method}, set on "
            f"{self.validation_images:,} pictures that were not learnt from",
        )
        if self.rejection:
            yield "rejection", self.rejection.text()


def quantiles(raw: npt.NDArray[Any]) -> tuple[float, ...]:
    """The raw numbers at LEVELS, for the metadata."""
    return tuple(float(value) for value in np.quantile(raw, LEVELS))


def threshold(known: Familiarity | None, asked: float | None) -> float | None:
    """The familiarity below which pictures are rejected; None where a model has none.

    Args:
        known: The model's.
        asked: A threshold instead of the model's own.

    Raises:
        SettingError: `asked` is no number from 0 to 1, or there is nothing to compare it with.
    """
    if known is None:
        if asked is not None:
            raise SettingError(
                f"min_familiarity={asked!r}, but this model has no familiarity to compare with; "
                "train with --arch edge, or leave it out"
            )
        return None
    if asked is None:
        return known.threshold
    if isinstance(asked, bool) or not isinstance(asked, Real) or not 0 <= asked <= 1:
        raise SettingError(f"min_familiarity={asked!r}, expected a number from 0 to 1")
    return float(asked)


def word(labels: tuple[str, ...]) -> str:
    """What a rejected picture is called."""
    return "neither" if len(labels) == 2 else "none of them"

"""How familiar a picture looks: the network's raw number against those of validation pictures."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from pocketlens.errors import ModelError, SettingError

LEVELS = (0, 0.001, 0.002, 0.005, *(i / 100 for i in range(1, 10)), *(i / 20 for i in range(2, 21)))
"""The shares of validation pictures whose raw numbers a model's metadata holds."""

ACCEPTED = 0.98
"""The share of validation pictures that a model accepts unless load_model() says otherwise."""


def quantiles(raw: npt.NDArray[Any]) -> list[float]:
    """The raw numbers at LEVELS, for the metadata."""
    return [float(value) for value in np.quantile(raw, LEVELS)]


def familiarity(raw: npt.NDArray[Any], record: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """The share of validation pictures with a smaller raw number.

    Args:
        raw: The network's output, N numbers.
        record: The metadata's "familiarity", with "levels" and "quantiles".
    """
    return np.asarray(np.interp(raw, record["quantiles"], record["levels"]))


def threshold(record: Mapping[str, Any], asked: float | None) -> float | None:
    """The familiarity below which pictures are rejected; None where a model has none.

    Args:
        record: The metadata's "familiarity".
        asked: A threshold instead of the record's own.

    Raises:
        SettingError: `asked` is no number from 0 to 1, or there is nothing to compare it with.
    """
    if not record:
        if asked is not None:
            raise SettingError(
                f"min_familiarity={asked!r}, but this model has no familiarity to compare with; "
                "train with --arch edge, or leave it out"
            )
        return None
    if asked is None:
        return float(record["threshold"])
    if isinstance(asked, bool) or not isinstance(asked, Real) or not 0 <= asked <= 1:
        raise SettingError(f"min_familiarity={asked!r}, expected a number from 0 to 1")
    return float(asked)


def check_record(record: Mapping[str, Any]) -> None:
    """Refuses a record that a picture cannot be compared with.

    Raises:
        ModelError: Levels, quantiles or threshold are missing or no ascending numbers.
    """
    try:
        levels, values = (np.asarray(record[key], np.float64) for key in ("levels", "quantiles"))
        sound = levels.shape == values.shape and levels.ndim == 1 and len(levels) > 1
        sound = sound and bool((np.diff(levels) > 0).all() and (np.diff(values) >= 0).all())
        sound = sound and 0 <= float(record["threshold"]) <= 1
    except (KeyError, TypeError, ValueError):
        sound = False
    if not sound:
        raise ModelError(
            f"its metadata has a familiarity of {dict(record)!r:.200}, expected ascending levels "
            "and quantiles and a threshold from 0 to 1; export the model again"
        )


def word(labels: tuple[str, ...]) -> str:
    """What a rejected picture is called."""
    return "neither" if len(labels) == 2 else "none of them"

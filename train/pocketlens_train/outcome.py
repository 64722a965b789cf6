"""What a training comes to, whichever way it went."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketlens.metadata.provenance import HeadFirst
from pocketlens.metrics import Probabilities
from pocketlens.run_folder import OutOfFold
from pocketlens_train.held_out import HeldOut


@dataclass(frozen=True)
class Outcome:
    """A network and what it, or others fitted like it, said of pictures they have not seen.

    Attributes:
        weights: Of the network to keep.
        history: "loss", "accuracy", "val_loss" and "val_accuracy" of each epoch.
        learnt: The files it has learnt from.
        tested: Pictures with answers.
        probabilities: The answers to these, N x K.
        held_out: Weights of a network that has not learnt from `unseen`; None where the one to
            keep has not.
        unseen: The files to measure a finished file on.
        unseen_folder: Where these are.
        out_of_fold: What export fits the probabilities on; None: the validation pictures.
        head_first: How the parts came together; None where all was trained at once.
    """

    weights: list[Any]
    history: dict[str, list[float]]
    learnt: tuple[str, ...]
    tested: HeldOut
    probabilities: Probabilities
    held_out: list[Any] | None
    unseen: tuple[str, ...]
    unseen_folder: Path
    out_of_fold: OutOfFold | None = None
    head_first: HeadFirst | None = None

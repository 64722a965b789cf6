"""Answers in words."""

from __future__ import annotations

from pocketlens.metadata.familiarity import word
from pocketlens.prediction import Prediction

_MOST_NAMED, _LONGEST = 3, 30
_TYPICAL = 0.05


def answer_of(prediction: Prediction) -> str:
    """The label; for a rejected picture "neither" or "none of them"."""
    return word(tuple(prediction.scores)) if prediction.rejected else prediction.label


def familiarity_text(prediction: Prediction) -> str:
    """How familiar the picture is, in a sentence; "" where the model cannot say."""
    if prediction.familiarity is None:
        return ""
    if prediction.rejected:
        return f"Unlike any {_kind(prediction)} that it has seen."
    if prediction.familiarity < _TYPICAL:
        return "Unusual: stranger than most pictures that it has learnt."
    return "Typical: much like the pictures that it has learnt."


def _kind(prediction: Prediction) -> str:
    labels = list(prediction.scores)
    if len(labels) > _MOST_NAMED or max(map(len, labels)) > _LONGEST:
        return f"of the {len(labels):,} classes"
    return " or ".join(labels)

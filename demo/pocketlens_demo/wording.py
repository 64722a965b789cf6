"""Answers and labels in words."""

from __future__ import annotations

from pocketlens.classifier import Classifier
from pocketlens.metadata.familiarity import word
from pocketlens.names import cut
from pocketlens.prediction import Prediction
from pocketlens.tools.card import plain


def heading(model: Classifier) -> str:
    """What the page begins with, as Markdown."""
    return f"# pocketlens\n{introduction(model)}"


def introduction(model: Classifier) -> str:
    """The possible answers and the model's accuracy, as Markdown."""
    labels = [f"**{plain(cut(label))}**" for label in model.labels]
    choices = [f"one of {len(labels):,} classes"] if len(labels) > 20 else labels
    if model.min_familiarity is not None:
        choices.append(f"**{word(model.labels)}**")
    *first, last = choices
    text = f"The answer is {', '.join(first)} or {last}" if first else f"The answer is {last}"
    if accuracy := model.metadata.accuracy_text():
        text += f"; right for {accuracy}"
    return f"{text}. Pictures go to the computer that serves this page and nowhere else."


def answer_of(prediction: Prediction) -> str:
    """The label; for a rejected picture "neither" or "none of them"."""
    return word(tuple(prediction.scores)) if prediction.rejected else prediction.label


def familiarity_text(prediction: Prediction) -> str:
    """The familiarity in words; for a rejected picture also its three most probable classes."""
    if prediction.familiarity is None:
        return ""
    text = f"{prediction.familiarity:.0%} of known pictures looked stranger than this one"
    if not prediction.rejected:
        return text
    best = ", ".join(f"{label} {score:.1%}" for label, score in prediction.top_k(3))
    return f"{text}. If it must be one of them: {best}"

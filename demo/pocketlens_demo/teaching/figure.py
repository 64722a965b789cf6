"""How often the taught model is right, in words."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pocketlens.confusion import Matrix, lowest_recall
from pocketlens.intervals import wilson_interval
from pocketlens.metadata import Metadata
from pocketlens.names import cut
from pocketlens_demo.confusion_table import confusion_matrix


def figure(metadata: Metadata) -> str:
    """The k-fold figure with its interval, and which class needs more pictures, as HTML."""
    metrics = metadata.metrics
    if metrics is None:
        return (
            "<p><b>Learnt.</b> How often it is right is not known: that takes more pictures of "
            "each class.</p>"
        )
    right = sum(row[place] for place, row in enumerate(metrics.confusion_matrix))
    low, high = (round(100 * end) for end in metrics.accuracy_interval)
    text = (
        f"<p><b>Right for {right:,} of {metrics.images:,}</b> pictures that it had not learnt "
        f"from. Of 100 new ones like them, expect {low} to {high} right"
    )
    if worst := _weakest(metadata.labels, metrics.confusion_matrix):
        text += f"; more pictures of <em>{escape(cut(worst))}</em> would help most"
    return (
        f"{text}. Pictures of one burst look alike: try it with new ones.</p>"
        "<details><summary>Class by class</summary>"
        f"{confusion_matrix(metadata.labels, metrics.confusion_matrix)}</details>"
    )


def _weakest(labels: Sequence[str], matrix: Matrix) -> str | None:
    """A class that was not tested, else the one of the lowest interval; None: all were right."""
    tested = lowest_recall(labels, matrix, len(labels))
    for label in labels:
        if label not in {each.label for each in tested}:
            return label
    if tested[0].recall == 1:
        return None
    return min(
        tested, key=lambda each: wilson_interval(each.recall * each.pictures, each.pictures)[0]
    ).label

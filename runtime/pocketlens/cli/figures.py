"""How good a model is, at the end of what made it."""

from __future__ import annotations

from pocketlens.metadata import Metadata


def print_figures(metadata: Metadata) -> None:
    """Prints what stands beside the accuracy; nothing where there are no figures."""
    if metadata.metrics:
        if metadata.metrics.accuracy_interval[0] <= metadata.metrics.balance.majority_share:
            print("no better than chance: always answering the commonest class is as good")
        for label, value in metadata.metrics.balance_rows(metadata.labels):
            print(f"{label}: {value}")

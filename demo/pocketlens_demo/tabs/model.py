"""The tab about the model: its metadata as figures, plots and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, TypeAlias

import gradio as gr
import pandas as pd

from pocketlens.classifier import Classifier
from pocketlens.confusion import Matrix, most_confused, per_class
from pocketlens.metadata import Metadata
from pocketlens.metadata.measurements import Metrics, between
from pocketlens.names import listed
from pocketlens.tools.card import render
from pocketlens_demo.confusion_table import MOST_NAMED, confusion_matrix

Row: TypeAlias = Sequence[str | float]
_PLOT_HEIGHT = 280
_MISTAKES = 100
_BESIDE, _WIDE = 12, 1000
"""Most classes whose matrix stands beside the table; pixels that a larger matrix takes."""


def build(model: Classifier, name: str, size: int) -> None:
    """Adds the tab's components to the page that is being built.

    Args:
        model: The model.
        name: Name of the model's file.
        size: Bytes of the model's file.
    """
    metadata = model.metadata
    gr.HTML(_tiles(metadata, size))
    _learning_curves(metadata.history)
    if metadata.metrics:
        _mistakes(metadata.labels, metadata.metrics.confusion_matrix)
        _certainty(metadata, metadata.metrics)
    with gr.Accordion("The whole model card: data, training, limits", open=False):
        gr.Markdown(_for_the_page(render(name, size, metadata)), elem_classes="card")


def _tiles(metadata: Metadata, size: int) -> str:
    cells = "".join(
        f"<div><dt>{escape(title)}</dt><dd><b>{escape(figure)}</b>{escape(text)}</dd></div>"
        for title, figure, text in _figures(metadata, size)
    )
    return f"<dl class='tiles'>{cells}</dl>"


def _figures(metadata: Metadata, size: int) -> Iterator[tuple[str, str, str]]:
    """Title, figure and explanation of each tile."""
    yield "classes", f"{len(metadata.labels):,}", listed(metadata.labels, 6)
    if metrics := metadata.metrics:
        yield (
            "accuracy",
            f"{metrics.accuracy:.2%}",
            f"of {metrics.images:,} test pictures; 95 % interval "
            f"{between(metrics.accuracy_interval)}",
        )
        yield (
            "calibration error",
            f"{metrics.calibration_error:.2%}",
            "how far probabilities are from the share of right answers, on average",
        )
    if metadata.familiarity and (rejection := metadata.familiarity.rejection):
        yield (
            "other things rejected",
            f"{rejection.outliers_rejected:.1%}",
            f"of {rejection.outliers:,} pictures of kinds it has not seen; of the test "
            f"pictures {1 - rejection.test_accepted:.1%}",
        )
    height, width, _ = metadata.preprocessing.input_shape
    yield (
        "size",
        f"{size / 1e6:.2f} MB",
        f"{metadata.number_format}, {metadata.architecture}, input "
        f"{height}x{width} {metadata.preprocessing.color_mode}",
    )


def _learning_curves(history: Mapping[str, Sequence[float]]) -> None:
    if not history.get("loss"):
        return
    with gr.Row():
        for key in ("accuracy", "loss"):
            points = [
                (epoch, value, name)
                for name, curve in (("training", key), ("validation", f"val_{key}"))
                for epoch, value in enumerate(history.get(curve, ()), start=1)
            ]
            columns = ["epoch", key, "pictures"]
            y_lim = _limits([value for _, value, _ in points])
            _plot(f"Learning curve: {key}", columns, points, color="pictures", y_lim=y_lim)


def _mistakes(labels: Sequence[str], matrix: Matrix) -> None:
    with gr.Row():
        with gr.Column(min_width=_WIDE if _BESIDE < len(labels) <= MOST_NAMED else 320):
            gr.HTML(confusion_matrix(labels, matrix))
        with gr.Column():
            columns = {"class": 200, "precision": 110, "recall": 90, "F1": 90, "pictures": 100}
            rows = per_class(labels, matrix)
            _table("Per class, on the test pictures", columns, rows, max_height=400)
    if len(labels) > MOST_NAMED:
        title = f"The most frequent mistakes (at most {_MISTAKES})"
        columns = {"the pictures show": 200, "the answer": 200, "mistakes": 110}
        columns["of its pictures"] = 150
        _table(title, columns, most_confused(labels, matrix, _MISTAKES), max_height=400)


def _certainty(metadata: Metadata, metrics: Metrics) -> None:
    with gr.Row():
        if bins := metrics.reliability:
            _plot(
                "Calibration",
                ["probability", "share right", "line"],
                [(0.0, 0.0, "ideal"), (1.0, 1.0, "ideal")]
                + [(each.score, each.accuracy, "this model") for each in bins],
                color="line",
                x_lim=_limits([each.score for each in bins]),
                y_lim=_limits([each.accuracy for each in bins]),
            )
        if curve := metrics.risk_coverage:
            _plot(
                "If only the surest answers are taken",
                ["share answered", "share right"],
                [(each.coverage, each.accuracy) for each in curve],
                y_lim=_limits([each.accuracy for each in curve]),
            )
    with gr.Row():
        for title, rows in metadata.parts():
            if title in ("figures", "calibration"):
                columns = {"on the test pictures": 200, "": 360}
                _table(title.capitalize(), columns, rows, wrap=True)


def _plot(title: str, columns: list[str], points: Sequence[Row], **more: Any) -> None:
    gr.LinePlot(
        pd.DataFrame(points, columns=columns),
        x=columns[0],
        y=columns[1],
        title=title,
        label=title,
        show_label=False,
        height=_PLOT_HEIGHT,
        **more,
    )


def _table(title: str, columns: Mapping[str, int], rows: Iterable[Row], **more: Any) -> None:
    """Adds a table; `columns` are names and widths in pixels."""
    gr.Dataframe(
        pd.DataFrame(rows, columns=list(columns)).round(4),
        label=title,
        column_widths=[f"{width}px" for width in columns.values()],
        interactive=False,
        **more,
    )


def _limits(values: Sequence[float]) -> list[float | None]:
    """The range of the values, and a margin of 5 % on both sides."""
    margin = (max(values) - min(values)) * 0.05 or 0.01
    return [min(values) - margin, max(values) + margin]


def _for_the_page(card: str) -> str:
    """The card with headings one level lower, and links in place of pictures of other hosts."""
    return (
        card.replace("\n#", "\n##").replace("# Model card", "## Model card", 1).replace("![", "[")
    )

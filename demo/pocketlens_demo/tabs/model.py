"""The tab about the model: what its file says of itself, as figures, plots and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import gradio as gr
import pandas as pd

from pocketlens.classifier import Classifier
from pocketlens.confusion import Matrix, most_confused, per_class
from pocketlens.metadata import Metadata
from pocketlens.metadata.figures import Metrics, between
from pocketlens.names import listed
from pocketlens.tools.card import render
from pocketlens_demo.tabs.confusion import MOST_NAMED, confusion_matrix

_PLOT_HEIGHT = 280
_MISTAKES = 100
_BESIDE, _WIDE = 12, 1000
"""Classes whose matrix has room beside the table; pixels that a larger one takes."""


def build(model: Classifier, name: str, size: int) -> None:
    """Adds the tab's components to the page that is being built.

    Args:
        model: The model.
        name: Of its file.
        size: Bytes of its file.
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
    tiles = [("classes", f"{len(metadata.labels):,}", listed(metadata.labels, 6))]
    if metrics := metadata.metrics:
        tiles.append(
            (
                "accuracy",
                f"{metrics.accuracy:.2%}",
                f"of {metrics.images:,} test pictures; 95 % interval "
                f"{between(metrics.accuracy_interval)}",
            )
        )
        tiles.append(
            (
                "calibration error",
                f"{metrics.calibration_error:.2%}",
                "how far probabilities are from the share of right answers, on average",
            )
        )
    if metadata.familiarity and (rejection := metadata.familiarity.rejection):
        tiles.append(
            (
                "other things rejected",
                f"{rejection.outliers_rejected:.1%}",
                f"of {rejection.outliers:,} pictures of kinds it has not seen; of the test "
                f"pictures {1 - rejection.test_accepted:.1%}",
            )
        )
    recipe = metadata.preprocessing
    tiles.append(
        (
            "size",
            f"{size / 1e6:.2f} MB",
            f"{'int8' if metadata.int8 else 'float'}, {metadata.architecture}, input "
            f"{recipe.input_size[0]}x{recipe.input_size[1]} {recipe.color_mode}",
        )
    )
    cells = "".join(
        f"<div><dt>{escape(title)}</dt><dd><b>{escape(figure)}</b>{escape(text)}</dd></div>"
        for title, figure, text in tiles
    )
    return f"<dl class='tiles'>{cells}</dl>"


def _learning_curves(history: Mapping[str, Sequence[float]]) -> None:
    if not history.get("loss"):
        return
    with gr.Row():
        for key in ("accuracy", "loss"):
            curves = {
                "training": history.get(key, ()),
                "validation": history.get(f"val_{key}", ()),
            }
            points = [
                (epoch, value, name)
                for name, values in curves.items()
                for epoch, value in enumerate(values, start=1)
            ]
            gr.LinePlot(
                pd.DataFrame(points, columns=["epoch", key, "pictures"]),
                x="epoch",
                y=key,
                color="pictures",
                title=f"Learning curve: {key}",
                label=f"Learning curve: {key}",
                show_label=False,
                height=_PLOT_HEIGHT,
                y_lim=_limits([value for _, value, _ in points]),
            )


def _mistakes(labels: Sequence[str], matrix: Matrix) -> None:
    with gr.Row():
        with gr.Column(min_width=_WIDE if _BESIDE < len(labels) <= MOST_NAMED else 320):
            gr.HTML(confusion_matrix(labels, matrix))
        with gr.Column():
            gr.Dataframe(
                _per_class(labels, matrix),
                label="Per class, on the test pictures",
                column_widths=["200px", "110px", "90px", "90px", "100px"],
                interactive=False,
                max_height=400,
            )
    if len(labels) > MOST_NAMED:
        gr.Dataframe(
            pd.DataFrame(
                most_confused(labels, matrix, _MISTAKES),
                columns=["the pictures show", "the answer", "mistakes", "of its pictures"],
            ),
            label=f"The most frequent mistakes (at most {_MISTAKES})",
            column_widths=["200px", "200px", "110px", "150px"],
            interactive=False,
            max_height=400,
        )


def _per_class(labels: Sequence[str], matrix: Matrix) -> pd.DataFrame:
    columns = ["class", "precision", "recall", "F1", "pictures"]
    return pd.DataFrame(per_class(labels, matrix), columns=columns).round(4)


def _certainty(metadata: Metadata, metrics: Metrics) -> None:
    with gr.Row():
        if bins := metrics.reliability:
            points = [(0.0, 0.0, "ideal"), (1.0, 1.0, "ideal")]
            points += [(each.score, each.accuracy, "this model") for each in bins]
            gr.LinePlot(
                pd.DataFrame(points, columns=["probability", "share right", "line"]),
                x="probability",
                y="share right",
                color="line",
                title="Calibration",
                label="Calibration",
                show_label=False,
                height=_PLOT_HEIGHT,
                x_lim=_limits([each.score for each in bins]),
                y_lim=_limits([each.accuracy for each in bins]),
            )
        if curve := metrics.risk_coverage:
            gr.LinePlot(
                pd.DataFrame(
                    [(each.coverage, each.accuracy) for each in curve],
                    columns=["share answered", "share right"],
                ),
                x="share answered",
                y="share right",
                title="If only the surest answers are taken",
                label="If only the surest answers are taken",
                show_label=False,
                height=_PLOT_HEIGHT,
                y_lim=_limits([each.accuracy for each in curve]),
            )
    with gr.Row():
        for title, part in (("Figures", metrics), ("Calibration", metadata.calibration)):
            if part:
                gr.Dataframe(
                    pd.DataFrame(part.rows(), columns=["on the test pictures", ""]),
                    label=title,
                    column_widths=["200px", "360px"],
                    interactive=False,
                    wrap=True,
                )


def _limits(values: Sequence[float]) -> list[float | None]:
    """A little more than what the values span."""
    margin = (max(values) - min(values)) * 0.05 or 0.01
    return [min(values) - margin, max(values) + margin]


def _for_the_page(card: str) -> str:
    """Headings below those of the page, and links in place of pictures of other hosts."""
    return (
        card.replace("\n#", "\n##").replace("# Model card", "## Model card", 1).replace("![", "[")
    )

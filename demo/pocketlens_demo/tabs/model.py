"""The tab about the model: its metadata as figures, a matrix, plots and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import TypeAlias

import gradio as gr

from pocketlens.confusion import most_confused, per_class
from pocketlens.metadata import Metadata
from pocketlens.metadata.measurements import Metrics, between
from pocketlens.names import listed
from pocketlens.tools.card import render
from pocketlens_demo.charts import line_plot
from pocketlens_demo.confusion_table import MOST_NAMED, confusion_matrix
from pocketlens_demo.script import scripted
from pocketlens_demo.served import Served

Row: TypeAlias = Sequence[str | float]
_MISTAKES, _CLASSES = 100, 1000
_WELL, _BADLY = 0.02, 0.05
"""Calibration errors up to which a calibration is called good, and fair."""


def build(models: Sequence[Served]) -> None:
    """Adds the tab's components to the page that is being built."""
    for number, each in enumerate(models):
        size, metadata = each.file.stat().st_size, each.model.metadata
        parts = "".join(html for _, html in sections(metadata, size))
        link = f"<a class='button' href='page/models/{number}' download>Download the model</a>"
        title = f"<div class='title'><h2>{escape(each.name)}</h2>{link}</div>"
        scripted("model", f"<div class='about'>{title}{parts}</div>", elem_id=f"model-{number}")
        with gr.Accordion("The whole model card: data, training, limits", open=False):
            card = render(each.file.name, size, metadata)
            gr.Markdown(_for_the_page(card), elem_classes="model-card")


def sections(metadata: Metadata, size: int) -> Iterator[tuple[str, str]]:
    """Name and HTML of each part; a part that the file says nothing of is left out."""
    yield "tiles", _tiles(metadata, size)
    metrics = metadata.metrics
    if metrics:
        matrix = confusion_matrix(metadata.labels, metrics.confusion_matrix)
        yield "matrix", f"<div class='beside'><div>{matrix}<div class='cell-shown'></div></div>"
        if metrics.reliability:
            yield "calibration", _calibration(metadata, metrics)
        yield "end of the row", "</div>"
        yield "per class", _per_class(metadata.labels, metrics)
        if metrics.risk_coverage:
            points = [(each.coverage, each.accuracy) for each in metrics.risk_coverage]
            plot = line_plot(("share answered", "share right"), {"": points})
            yield "coverage", _folded("If only the surest answers are taken", plot)
    if metadata.history.get("loss"):
        yield "curves", _folded("Learning curves", _learning_curves(metadata.history))
    for title, rows in metadata.parts():
        if title in ("figures", "calibration"):
            table = _table(("on the test pictures", ""), rows)
            yield f"table of {title}", _folded(title.capitalize(), table)


def _tiles(metadata: Metadata, size: int) -> str:
    cells = "".join(
        f"<div><dt>{escape(title)}</dt><dd><b>{escape(figure)}</b>{escape(text)}</dd></div>"
        for title, figure, text in _figures(metadata, size)
    )
    return f"<dl class='tiles'>{cells}</dl>"


def _figures(metadata: Metadata, size: int) -> Iterator[tuple[str, str, str]]:
    """Title, figure and explanation of each tile."""
    if metrics := metadata.metrics:
        yield (
            "accuracy",
            f"{metrics.accuracy:.2%}",
            f"of {metrics.images:,} test pictures; 95 % interval "
            f"{between(metrics.accuracy_interval)}",
        )
    yield "classes", f"{len(metadata.labels):,}", listed(metadata.labels, 6)
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


def _calibration(metadata: Metadata, metrics: Metrics) -> str:
    points = [(each.score, each.accuracy) for each in metrics.reliability]
    plot = line_plot(("probability", "share right"), {"": points}, has_diagonal=True)
    return f"<div><h3>Calibration</h3>{plot}<p>{_verdict(metadata, metrics)}</p></div>"


def _verdict(metadata: Metadata, metrics: Metrics) -> str:
    """What the calibration means, in a sentence or two."""
    error = metrics.calibration_error
    quality = "can be trusted" if error <= _WELL else "are rough" if error <= _BADLY else "mislead"
    text = (
        f"The probabilities {quality}: on average they are {error:.2%} from the share of right "
        "answers."
    )
    calibration = metadata.calibration
    if calibration and calibration.after.calibration_error > calibration.before.calibration_error:
        text += (
            f" The calibration made this worse: {calibration.before.calibration_error:.2%} "
            "without it."
        )
    return text


def _per_class(labels: Sequence[str], metrics: Metrics) -> str:
    matrix = metrics.confusion_matrix
    columns = ("class", "precision", "recall", "F1", "pictures")
    rows = list(per_class(labels, matrix))
    left_out = f" (the first {_CLASSES:,})" if len(rows) > _CLASSES else ""
    html = _folded(f"Class by class{left_out}", _table(columns, rows[:_CLASSES]))
    if len(labels) > MOST_NAMED:
        titles = ("the pictures show", "the answer", "mistakes", "of its pictures")
        table = _table(titles, most_confused(labels, matrix, _MISTAKES))
        html = _folded(f"The most frequent mistakes (at most {_MISTAKES})", table) + html
    return html


def _learning_curves(history: Mapping[str, Sequence[float]]) -> str:
    plots = []
    for key in ("accuracy", "loss"):
        curves = {"training": history.get(key, ()), "validation": history.get(f"val_{key}", ())}
        lines = {
            name: [(float(epoch), value) for epoch, value in enumerate(curve, start=1)]
            for name, curve in curves.items()
            if curve
        }
        if lines:
            plots.append(line_plot(("epoch", key), lines))
    return f"<div class='beside'>{''.join(plots)}</div>"


def _folded(title: str, html: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{html}</details>"


def _table(columns: Sequence[str], rows: Iterable[Row]) -> str:
    head = "".join(f"<th scope='col'>{escape(column)}</th>" for column in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows
    )
    return (
        f"<div class='scrolls' tabindex='0'><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else f"{value:,.4g}"


def _for_the_page(card: str) -> str:
    """The card with headings one level lower, and links in place of pictures of other hosts."""
    return (
        card.replace("\n#", "\n##").replace("# Model card", "## Model card", 1).replace("![", "[")
    )

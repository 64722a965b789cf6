"""What `pocketlens evaluate` has measured, as text and as JSON types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pocketlens.confusion import Matrix, lowest_recall, most_confused
from pocketlens.evaluation import Evaluation
from pocketlens.labelled import Labelled
from pocketlens.metadata.familiarity import word
from pocketlens.metadata.measurements import Row, between
from pocketlens.names import counted, cut, listed, printable

_FORMAT = 1
_FEW = 12
"""Classes whose confusion matrix has room on a terminal."""


@dataclass(frozen=True)
class Report:
    """An evaluation, and what it is of.

    Attributes:
        model: The file's name.
        labelled: The folder against the model's classes.
        evaluation: The figures.
        left_out: Of each class that the model does not know, the number of its pictures.
        unreadable: (path, reason) of each picture without an answer.
    """

    model: str
    labelled: Labelled
    evaluation: Evaluation
    left_out: Mapping[str, int]
    unreadable: Sequence[tuple[str, str]]

    @property
    def not_measured(self) -> list[str]:
        """The model's classes of which no picture could be read, or that the folder lacks."""
        matrix = self.evaluation.metrics.confusion_matrix
        rows = zip(self.labelled.labels, matrix, strict=True)
        return [label for label, row in rows if not any(row)]


class _Table(NamedTuple):
    """The first `texts` columns are aligned to the left, the numbers to the right."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1


def as_text(report: Report) -> str:
    """The report in lines for a terminal: names are printable, long labels are cut."""
    lines = [f"{label:<26} {printable(value)}" for label, value in _rows(report)]
    for table in _tables(report):
        lines += ["", f"{table.title}:", *_aligned(table)]
    return "\n".join(lines) + "\n"


def as_json(report: Report) -> dict[str, Any]:
    """The report as JSON types; shares are 0 to 1, intervals are pairs."""
    evaluation, labels = report.evaluation, report.labelled.labels
    metrics, balance = evaluation.metrics, evaluation.metrics.balance
    matrix = metrics.confusion_matrix
    return {
        "format": _FORMAT,
        "model": report.model,
        "folder": str(report.labelled.folder),
        "pictures": metrics.images,
        "accuracy": metrics.accuracy,
        "accuracy_interval": metrics.accuracy_interval,
        "balanced_accuracy": balance.accuracy,
        "balanced_accuracy_interval": balance.interval,
        "majority_share": balance.majority_share,
        "log_loss": metrics.log_loss,
        "calibration_error": metrics.calibration_error,
        "rejection": evaluation.acceptance and asdict(evaluation.acceptance),
        "outliers": evaluation.outliers and asdict(evaluation.outliers),
        "never_answered": [labels[place] for place in balance.never_answered],
        "not_measured": report.not_measured,
        "left_out": dict(report.left_out),
        "unreadable": [{"file": file, "error": error} for file, error in report.unreadable],
        "classes": [each._asdict() for each in lowest_recall(labels, matrix, len(labels))],
        "labels": labels,
        "confusion_matrix": matrix,
        "surest_mistakes": [each._asdict() for each in evaluation.mistakes],
    }


def _rows(report: Report) -> Iterator[Row]:
    evaluation, labels = report.evaluation, report.labelled.labels
    yield "model", report.model
    yield "folder", str(report.labelled.folder)
    yield from evaluation.metrics.rows(labels)
    if found := evaluation.acceptance:
        yield (
            f"rejected as {word(labels)}",
            f"{found.rejected:.2%} (95 % interval {between(found.rejected_interval)})",
        )
        if found.accuracy is not None:
            yield "accuracy of the others", f"{found.accuracy:.2%}"
    if outliers := evaluation.outliers:
        yield (
            "outliers rejected",
            f"{outliers.outliers_rejected:.2%} of {outliers.outliers:,} pictures of no class "
            f"(95 % interval {between(outliers.outliers_rejected_interval)})",
        )
        low, high = outliers.auroc_interval
        yield (
            "area under the ROC curve",
            f"{outliers.auroc:.4f} of familiarity (95 % interval {low:.4f} to {high:.4f})",
        )
    if missing := report.not_measured:
        yield "not measured", f"{listed(missing)}: no pictures"
    if left_out := report.left_out:
        texts = [f"{cut(label)} ({count:,})" for label, count in left_out.items()]
        yield "left out, not known", f"{listed(texts)} pictures"
    if report.unreadable:
        yield "not read", counted(len(report.unreadable), "picture")


def _tables(report: Report) -> Iterator[_Table]:
    labels, metrics = report.labelled.labels, report.evaluation.metrics
    matrix = metrics.confusion_matrix
    yield _Table(
        "per class, the worst first",
        ("class", "precision", "recall", "F1", "pictures"),
        [
            (cut(each.label), *(f"{share:.2%}" for share in each[1:4]), f"{each.pictures:,}")
            for each in lowest_recall(labels, matrix, len(labels))
        ],
    )
    yield from _confusions(labels, matrix)
    if mistakes := report.evaluation.mistakes:
        folder = report.labelled.folder
        yield _Table(
            "the surest mistakes",
            ("file", "answered", "probability"),
            [
                (_below(folder, each.file), cut(each.answered), f"{each.score:.2%}")
                for each in mistakes
            ],
            texts=2,
        )


def _confusions(labels: Sequence[str], matrix: Matrix) -> Iterator[_Table]:
    answered = [any(column) for column in zip(*matrix, strict=True)]
    used = [place for place, row in enumerate(matrix) if any(row) or answered[place]]
    if len(used) <= _FEW:
        yield _Table(
            "confusion matrix, rows are the true classes",
            ("", *(cut(labels[place]) for place in used)),
            [
                (cut(labels[row]), *(f"{matrix[row][column]:,}" for column in used))
                for row in used
                if any(matrix[row])
            ],
        )
    elif mixed := most_confused(labels, matrix, _FEW):
        yield _Table(
            f"the most frequent mistakes (at most {_FEW})",
            ("shown", "answered", "mistakes", "of its pictures"),
            [(cut(a), cut(b), f"{count:,}", f"{of:,}") for a, b, count, of in mixed],
            texts=2,
        )


def _below(folder: Path, file: str) -> str:
    return printable(Path(file).relative_to(folder).as_posix())


def _aligned(table: _Table) -> Iterator[str]:
    rows = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = list(zip(row, widths, strict=True))
        texts = [cell.ljust(width) for cell, width in cells[: table.texts]]
        numbers = [cell.rjust(width) for cell, width in cells[table.texts :]]
        yield "  ".join([*texts, *numbers])

"""A model's report: the figures in words, its mistakes as pictures, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocketlens.checking.findings import TITLES, Finding
from pocketlens.confusion import lowest_recall
from pocketlens.intervals import wilson_interval
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.metadata import Metadata
from pocketlens.metadata.conversion import Int8
from pocketlens.metadata.familiarity import word
from pocketlens.metadata.measurements import Interval, Row, between
from pocketlens.report.about import About
from pocketlens.report.charts import learning_curves, reliability_chart, risk_coverage_chart
from pocketlens.report.matrix import drawing
from pocketlens.report.mistakes import gallery
from pocketlens.report.pages import write_page
from pocketlens.report.slices import TEST, slices
from pocketlens.report.summary import big_number, headline, next_steps

_ABOUT = About()


@dataclass(frozen=True)
class Rejected:
    """What is rejected of the pictures at the model's threshold.

    Attributes:
        share: Of the pictures.
        interval: Its 95 % interval.
        accuracy: Of the others; None where there is none.
        threshold: The familiarity below which a picture is rejected.
        word: What a rejected picture is called.
        outliers: What is known of pictures of no class, in words; "" where nothing is.
    """

    share: float
    interval: Interval
    accuracy: float | None
    threshold: float
    word: str
    outliers: str


def write_report(
    file: Path, metadata: Metadata, tested: LabelledAnswers, about: About = _ABOUT
) -> None:
    """Writes one HTML file that opens offline; whole or not at all.

    All figures that the metadata has are taken from there. Each picture is read once more, for its
    brightness, size and colour.

    Args:
        file: To write.
        metadata: The model's; without metrics they are computed of the answers.
        tested: The answers to the pictures that the metrics are of.
        about: What else is known.

    Raises:
        MissingExtraError: Jinja2 is not installed.
        FileError: The file cannot be written; what was there is as it was.
    """
    metrics = tested.metrics(metadata)
    labels = metadata.labels
    depth = metadata.preprocessing.depth
    chosen = gallery(tested, labels, metrics.confusion_matrix, depth)
    kinds = slices(tested, min(metadata.preprocessing.input_size))
    write_page(
        file,
        "report.html",
        title=f"{about.name or metadata.architecture}: how good it is",
        metadata=metadata,
        metrics=metrics,
        tested=tested,
        about=about,
        big=big_number(metrics),
        sentences=list(headline(metadata, metrics, tested)),
        steps=list(next_steps(metadata, metrics, tested, chosen, kinds, about)),
        classes=lowest_recall(labels, metrics.confusion_matrix, len(labels)),
        matrix=drawing(labels, metrics.confusion_matrix),
        gallery=chosen,
        slices=kinds,
        slice_test=TEST,
        rejected=_rejected(metadata, tested),
        reliability=reliability_chart(metrics.reliability),
        risk_coverage=risk_coverage_chart(metrics.risk_coverage),
        bins=[
            (f"{each.score:.2%}", f"{each.accuracy:.2%}", f"{each.images:,}")
            for each in metrics.reliability
        ],
        coverages=[
            (f"{each.coverage:.0%}", f"{each.accuracy:.2%}", f"{each.score:.4f}")
            for each in metrics.risk_coverage
        ],
        curves=learning_curves(metadata.history, _frozen_accuracy(metadata)),
        int8_rows=list(_float_and_int8(metadata.int8)) if metadata.int8 else [],
        deployment=list(_deployment(about)),
        findings=_findings(about),
        origin=list(_origin(metadata)),
    )


def _frozen_accuracy(metadata: Metadata) -> float | None:
    first = metadata.training and metadata.training.head_first
    return first.frozen_accuracy if first else None


def _rejected(metadata: Metadata, tested: LabelledAnswers) -> Rejected | None:
    known = metadata.familiarity
    if known is None or tested.familiarity is None:
        return None
    is_rejected = tested.familiarity < known.threshold
    count, total = int(is_rejected.sum()), len(is_rejected)
    right = (tested.predicted == tested.targets)[~is_rejected]
    return Rejected(
        count / total,
        wilson_interval(count, total),
        float(right.mean()) if len(right) else None,
        known.threshold,
        word(metadata.labels),
        known.rejection.text() if known.rejection else "",
    )


def _float_and_int8(found: Int8) -> Iterator[tuple[str, str, str]]:
    def row(name: str, pair: Sequence[float], text: str) -> tuple[str, str, str]:
        return name, text.format(pair[0]), text.format(pair[1])

    yield row("accuracy", found.accuracy, "{:.2%}")
    small, large = map(between, found.accuracy_interval)
    yield "95 % interval", small, large
    if found.log_loss:
        yield row("log loss", found.log_loss, "{:.4f}")
    if found.calibration_error:
        yield row("calibration error", found.calibration_error, "{:.2%}")
    yield row("size", [count / 1e6 for count in found.bytes], "{:.2f} MB")
    yield row("time on one core, float = 1", (1.0, found.latency_ratio), "{:.2f}")


def _deployment(about: About) -> Iterator[Row]:
    if about.milliseconds is not None:
        yield "from file to answer", f"{about.milliseconds:.1f} ms on this machine (median)"
    if about.bytes is not None:
        yield "size of the file", f"{about.bytes / 1e6:.2f} MB"


def _findings(about: About) -> list[tuple[str, list[Finding]]]:
    """Title and finds of each kind, worst first."""
    if about.findings is None:
        return []
    kinds = [(title, about.findings.of_kind(kind)) for kind, title in TITLES.items()]
    return [(title, found) for title, found in kinds if found]


def _origin(metadata: Metadata) -> Iterator[tuple[str, list[Row]]]:
    height, width = metadata.preprocessing.input_size
    network = f"{metadata.architecture}, {metadata.number_format}, input {height}x{width}"
    yield "Network", [("network", f"{network} {metadata.preprocessing.color_mode}")]
    for title, part in (
        ("Pictures", metadata.data),
        ("Training", metadata.training),
        ("Calibration", metadata.calibration),
        ("Export", metadata.parity),
    ):
        if part:
            yield title, list(part.rows())
    if metadata.versions:
        yield "Versions", list(metadata.versions.items())

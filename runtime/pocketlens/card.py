"""The model card: what a file says of itself, as Markdown (Mitchell et al. 2019)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pocketlens.confusion import Matrix, lowest_recall, most_confused
from pocketlens.depth import HIGH_BITS
from pocketlens.metadata import Metadata
from pocketlens.names import cut, listed

_FEW = 20
"""Classes for which there is room, each with a name: beyond that the worst ones are shown."""
_WORST = f"The {_FEW} classes that are missed most often"

_LIMITS = """\
- It answers with one of its classes. It does not find, count or measure things, and knows no finer
  kinds than its classes.
- The figures hold for pictures like those it was tested on. Other cameras, places, drawings or
  things that fill little of the picture may do worse: test on your own.
- It must not decide alone where a wrong answer harms people or animals, and says nothing about
  people."""


def render(name: str, size: int, metadata: Metadata) -> str:
    """The card of a model file.

    Args:
        name: The file's name.
        size: Its bytes.
        metadata: What it says of itself.
    """
    parts = [
        f"# Model card: {name}",
        "Made by `pocketlens card` from the file's own metadata; the same text for the same file.",
        "\n".join(_summary(size, metadata)),
    ]
    for title, lines in (
        ("Figures", _figures(metadata)),
        ("Calibration", _calibration(metadata)),
        ("Rejection", _rejection(metadata)),
        ("int8 against float", _int8(metadata)),
        ("Data", _data(metadata)),
        ("How to make it again", _training(metadata)),
        ("What it must not be used for", _limits(metadata)),
        ("Data, licences and limits, in the words of its makers", [metadata.about.strip()]),
    ):
        if text := "\n".join(lines):
            parts += [f"## {title}", text]
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """The text as Markdown that shows it as it is: labels come from folders and files."""
    # A backslash before anything but ASCII punctuation would be shown.
    return re.sub(r"([!-+\-./:-@\[-`{-~])", r"\\\1", text)


def int8_table(record: Mapping[str, Any]) -> list[tuple[str, tuple[str, str]]]:
    """What quantization changed: rows of (name, (float, int8))."""
    accuracy = [
        f"{share:.2%} ({low:.2%}-{high:.2%})"
        for share, (low, high) in zip(record["accuracy"], record["accuracy_interval"], strict=True)
    ]
    return [
        ("accuracy (95 % interval)", (accuracy[0], accuracy[1])),
        ("labels flipped", ("", f"{record['labels_flipped']:.2%}")),
        ("largest difference", ("", f"{record['max_abs_difference']:.4f}")),
        ("size, MB", (f"{record['bytes'][0] / 1e6:.2f}", f"{record['bytes'][1] / 1e6:.2f}")),
        ("latency ratio, one core", ("1", f"{record['latency_ratio']:.2f}")),
    ]


def _limits(metadata: Metadata) -> Iterator[str]:
    yield _LIMITS
    if metadata.familiarity:
        yield "- Rejection is a filter, not a guarantee: some pictures of other things pass, and"
        yield "  some of the right ones are turned away."
    else:
        yield "- A picture of none of its classes is called one of them."


def _summary(size: int, metadata: Metadata) -> Iterator[str]:
    recipe = metadata.preprocessing
    yield f"- Tells apart: {plain(listed(metadata.labels, _FEW))}"
    yield (
        f"- Network: {metadata.architecture}, {'int8' if metadata.int8 else 'float'}, input "
        f"{recipe.input_size[0]}x{recipe.input_size[1]} {recipe.color_mode}, {size / 1e6:.2f} MB"
    )
    if recipe.depth != HIGH_BITS:
        yield f"- Pictures of 16 bits: {recipe.depth}, the range of each is stretched"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _figures(metadata: Metadata) -> Iterator[str]:
    if not (metrics := metadata.metrics):
        return
    rows = [("as they are", *accuracy_cells(metrics), f"{metrics['images']:,}")]
    for name, figures in metrics.get("robustness", {}).items():
        rows.append((name, *accuracy_cells(figures), f"{metrics['images']:,}"))
    yield from _table(("test pictures", "accuracy", "95 % interval (Wilson)", "count"), rows)
    yield ""
    is_small = len(metadata.labels) <= _FEW
    title = "Confusion matrix, rows are the true classes" if is_small else _WORST
    yield (
        f"Log loss {metrics['log_loss']:.4f}, expected calibration error (15 bins) "
        f"{metrics['calibration_error']:.2%}. {title}:"
    )
    yield ""
    yield from (_matrix if is_small else _mistakes)(metadata.labels, metrics["confusion_matrix"])
    if curve := metrics.get("risk_coverage"):
        yield ""
        yield "When only the surest answers are taken:"
        yield ""
        yield from _table(
            ("share answered", "right of these", "lowest probability"),
            [
                (f"{row['coverage']:.0%}", f"{row['accuracy']:.2%}", f"{row['score']:.4f}")
                for row in curve
            ],
        )


def _matrix(labels: Sequence[str], matrix: Matrix) -> Iterator[str]:
    names = tuple(map(_name, labels))
    counts = [(name, *map(str, row)) for name, row in zip(names, matrix, strict=True)]
    yield from _table(("", *names), counts)


def _mistakes(labels: Sequence[str], matrix: Matrix) -> Iterator[str]:
    worst = lowest_recall(labels, matrix, _FEW)
    yield from _table(
        ("class", "recall", "precision", "test pictures"),
        [
            (_name(row.label), f"{row.recall:.2%}", f"{row.precision:.2%}", f"{row.pictures:,}")
            for row in worst
        ],
    )
    yield ""
    yield f"The most frequent mistakes (at most {_FEW}):"
    yield ""
    yield from _table(
        ("the pictures show", "the answer", "pictures", "of"),
        [
            (_name(row.shown), _name(row.answered), f"{row.mistakes:,}", f"{row.pictures:,}")
            for row in most_confused(labels, matrix, _FEW)
        ],
    )


def accuracy_cells(figures: Mapping[str, Any]) -> tuple[str, str]:
    """The accuracy and its interval in words."""
    low, high = figures["accuracy_interval"]
    return f"{figures['accuracy']:.2%}", f"{low:.2%} to {high:.2%}"


def _calibration(metadata: Metadata) -> Iterator[str]:
    if not (calibration := metadata.calibration):
        return
    yield (
        f"A temperature of {calibration['temperature']:.3f}, fitted on "
        f"{calibration['validation_images']:,} validation pictures, is part of the graph."
    )
    yield ""
    yield from _table(
        ("on the test pictures", "log loss", "expected calibration error"),
        [
            (when, f"{figures['log_loss']:.4f}", f"{figures['calibration_error']:.2%}")
            for when in ("before", "after")
            for figures in [calibration[when]]
        ],
    )


def _rejection(metadata: Metadata) -> Iterator[str]:
    if not (familiarity := metadata.familiarity):
        return
    yield (
        f"Method: {familiarity['method']}. Pictures whose familiarity is below "
        f"{familiarity['threshold']:.2f} are rejected, set on "
        f"{familiarity['validation_images']:,} validation pictures."
    )
    if text := metadata.rejection_text():
        yield f"Measured: {text}."


def _int8(metadata: Metadata) -> Iterator[str]:
    if metadata.int8:
        rows = [(name, *cells) for name, cells in int8_table(metadata.int8)]
        yield from _table((f"{metadata.int8['images']:,} test pictures", "float", "int8"), rows)


def _data(metadata: Metadata) -> Iterator[str]:
    if not (data := metadata.data):
        return
    counts = _counts(data["images"])
    split = ", ".join(f"{part} {count:,}" for part, count in data["split"].items())
    yield f"- Pictures in the training folder: {counts}; {data['left_out']} files left out"
    yield f"- Split: {split}"
    yield (
        f"- Test pictures that nearly repeat another and do not count: {data['near_duplicates']}"
    )
    yield f"- Fingerprint of the training folder (SHA-256): `{data['fingerprint']}`"


def _name(label: str) -> str:
    return plain(cut(label))


def _counts(images: Mapping[str, int]) -> str:
    if len(images) <= _FEW:
        return ", ".join(f"{count:,} {_name(label)}" for label, count in images.items())
    (least, fewest), *_, (most, largest) = sorted(images.items(), key=lambda item: item[1])
    return (
        f"{sum(images.values()):,} of {len(images):,} classes, from {fewest:,} {_name(least)} "
        f"to {largest:,} {_name(most)}"
    )


def _training(metadata: Metadata) -> Iterator[str]:
    if not (training := metadata.training):
        return
    yield "```sh"
    teacher = training.get("teacher")
    for command in (
        teacher and teacher["command"],
        training.get("command"),
        training.get("export"),
    ):
        if command:
            yield str(command)
    yield "```"
    yield ""
    if teacher:
        yield (
            f"The teacher ({teacher['architecture']}, input {teacher['input_size'][0]}x"
            f"{teacher['input_size'][1]}) is right for {teacher['accuracy']}."
        )
    settings = {
        name: value
        for name, value in training.items()
        if name not in ("command", "export", "teacher", "augmentation") and value is not None
    }
    yield "Settings: " + ", ".join(f"{name} {value}" for name, value in settings.items()) + "."
    versions = ", ".join(f"{name} {version}" for name, version in metadata.versions.items())
    yield f"Versions: {versions}."

"""The model card: what a file says of itself, as Markdown (Mitchell et al. 2019)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pocketlens.confusion import lowest_recall, most_confused
from pocketlens.metadata import Metadata
from pocketlens.metadata.measurements import Metrics
from pocketlens.names import cut, listed
from pocketlens.pictures.cutting import region_text

_LIMITS = """\
- It answers with one of its classes. It does not find, count or measure things, and knows no finer
  kinds than its classes.
- The figures hold for pictures like those it was tested on. Other cameras, places, drawings or
  things that fill little of the picture may do worse: test on your own.
- It must not decide alone where a wrong answer harms people or animals, and says nothing about
  people."""
_SPECIAL = re.compile(r"[!#$&*<>@\[\\\]^`{|}~]|(?<![^\W_])_|_(?![^\W_])|\.(?=[^\W\d])|:(?=//)")
"""What Markdown, or GitHub's and Gradio's kinds of it, would not show as it is."""
_FEW = 20
"""Classes for which there is room, each with a name: beyond that the worst ones are shown."""


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
        _table(("", ""), summary(size, metadata)),
    ]
    for title, rows in metadata.parts():
        parts += [f"## {title.capitalize()}", _table(("", ""), rows)]
        if title == "figures" and metadata.metrics:
            parts += _mistakes(metadata.labels, metadata.metrics)
    if metadata.training:
        lines = "\n".join(["```sh", *metadata.training.commands(), "```"])
        parts += ["## How to make it again", lines]
    parts += ["## What it must not be used for", "\n".join(_limits(metadata))]
    if about := metadata.about.strip():
        parts += ["## Data, licences and limits, in the words of its makers", about]
    return "\n\n".join(parts) + "\n"


def summary(size: int, metadata: Metadata) -> Iterator[tuple[str, str]]:
    """Label and value of what the file is.

    Args:
        size: Its bytes.
        metadata: What it says of itself.
    """
    preprocessing = metadata.preprocessing
    height, width = preprocessing.input_size
    yield "labels", listed(metadata.labels)
    yield "network", f"{metadata.architecture}, {metadata.number_format}"
    yield "input", f"{height}x{width} {preprocessing.color_mode}"
    settings = preprocessing.to_dict()
    del settings["input_size"], settings["region"]
    if preprocessing.region:
        settings["region"] = region_text(preprocessing.region)
    yield "preprocessing", ", ".join(f"{key} {value}" for key, value in settings.items())
    yield "size", f"{size / 1e6:.2f} MB"


def plain(text: str) -> str:
    """The text as Markdown that shows it as it is: labels come from folders and files."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(map(plain, row)) + " |" for row in rows]
    return "\n".join(lines)


def _mistakes(labels: Sequence[str], metrics: Metrics) -> Iterator[str]:
    matrix = metrics.confusion_matrix
    if len(labels) <= _FEW:
        yield "Confusion matrix, rows are the true classes:"
        names = list(map(cut, labels))
        rows = [(name, *map(str, row)) for name, row in zip(names, matrix, strict=True)]
        yield _table(("", *map(plain, names)), rows)
    else:
        yield f"The {_FEW} classes that are missed most often:"
        yield _table(
            ("class", "precision", "recall", "pictures"),
            [
                (cut(each.label), f"{each.precision:.2%}", f"{each.recall:.2%}", f"{each.pictures}")
                for each in lowest_recall(labels, matrix, _FEW)
            ],
        )
        yield f"The {_FEW} most frequent mistakes:"
        yield _table(
            ("the pictures show", "the answer", "mistakes", "of its pictures"),
            [
                (cut(each.shown), cut(each.answered), str(each.mistakes), str(each.pictures))
                for each in most_confused(labels, matrix, _FEW)
            ],
        )
    if metrics.risk_coverage:
        yield "When only the surest answers are taken:"
        yield _table(
            ("share answered", "right of these", "lowest probability"),
            [
                (f"{each.coverage:.0%}", f"{each.accuracy:.2%}", f"{each.score:.4f}")
                for each in metrics.risk_coverage
            ],
        )


def _limits(metadata: Metadata) -> Iterator[str]:
    yield _LIMITS
    if metadata.familiarity:
        yield "- Rejection is a filter, not a guarantee: some pictures of other things pass, and"
        yield "  some of the right ones are turned away."
    else:
        yield "- A picture of none of its classes is called one of them."

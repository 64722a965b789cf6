"""A comparison as text and as JSON types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pocketlens.comparing.comparison import Comparison, Difference
from pocketlens.comparing.replies import Pair
from pocketlens.metadata.measurements import Row, between
from pocketlens.names import counted, cut, printable

_FORMAT = 1
_FEW = 10


def verdict(comparison: Comparison) -> str:
    """Which of the two is right more often, in a sentence."""
    first, second = comparison.names
    gap = comparison.accuracy
    if gap.by_chance:
        return (
            f"{counted(comparison.pictures, 'picture')} cannot tell {first} and {second} apart: "
            "the difference may be chance"
        )
    better, worse = (second, first) if gap.value > 0 else (first, second)
    return f"{better} is right more often than {worse}, by more than chance"


def rows(comparison: Comparison) -> Iterator[Row]:
    """Label and value of each figure."""
    first, second = comparison.accuracies
    yield "pictures", f"{comparison.pictures:,}, the same for both"
    for name, found in zip(comparison.names, (first, second), strict=True):
        yield name, f"{found.accuracy:.2%} right (95 % interval {between(found.accuracy_interval)})"
    gap = comparison.accuracy
    low, high = (f"{100 * end:+.2f}" for end in gap.interval)
    yield "difference", f"{100 * gap.value:+.2f} points (95 % interval {low} to {high})"
    yield "log loss", _figures(comparison.log_loss)
    yield (
        "calibration error",
        "{:.2%} and {:.2%}".format(*comparison.calibration_errors)
        + ("" if comparison.bytes else " (before the export's temperature)"),
    )
    yield "the same class", f"for {comparison.same:,} of {counted(comparison.pictures, 'picture')}"
    for title, pairs in changed(comparison):
        yield title, f"for {counted(len(pairs), 'picture')}"
    if comparison.bytes:
        size = comparison.bytes
        yield (
            "size",
            "{:.2f} and {:.2f} MB".format(*(each / 1e6 for each in size))
            + (f", {size[1] / size[0]:.2f} times"),
        )
    if latency := comparison.latency:
        for name in ("p50", "p90", "p99"):
            yield f"predict, {name}", "{:.2f} and {:.2f} ms".format(*getattr(latency, name))
        yield "ratio of the medians", f"{latency.ratio:.2f}"


def changed(comparison: Comparison) -> Iterator[tuple[str, tuple[Pair, ...]]]:
    """The pictures that one of the two alone has right, with a title."""
    first, second = comparison.names
    yield f"only {second} is right", comparison.gained
    yield f"only {first} is right", comparison.lost


def as_text(comparison: Comparison) -> str:
    """The comparison in lines for a terminal."""
    lines = [printable(verdict(comparison)), ""]
    lines += [f"{cut(printable(label)):<26} {value}" for label, value in rows(comparison)]
    for title, pairs in changed(comparison):
        if pairs:
            lines += ["", f"{title}, the surest first:", *_listed(pairs)]
    return "\n".join(lines) + "\n"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON types; of pairs the first value is the first model's."""
    content = {
        name: value for name, value in vars(comparison).items() if name not in ("gained", "lost")
    }
    content["accuracies"] = [asdict(each) for each in comparison.accuracies]
    for name in ("accuracy", "log_loss"):
        content[name] = asdict(content[name])
    content["latency"] = comparison.latency and comparison.latency._asdict()
    sides = {"gained": comparison.gained, "lost": comparison.lost}
    return (
        {"format": _FORMAT}
        | content
        | {name: list(map(_pair, each)) for name, each in sides.items()}
    )


def _figures(difference: Difference) -> str:
    first, second = difference.of
    low, high = difference.interval
    return (
        f"{first:.4f} and {second:.4f}, {difference.value:+.4f} (95 % interval {low:+.4f} to "
        f"{high:+.4f})"
    )


def _listed(pairs: Sequence[Pair]) -> Iterator[str]:
    for pair in pairs[:_FEW]:
        first, second = (f"{cut(reply.label)} {reply.score:.1%}" for reply in pair.replies)
        yield printable(f"  {pair.file}: {cut(pair.shown)}; {first}, then {second}")
    if len(pairs) > _FEW:
        yield f"  and {len(pairs) - _FEW:,} more"


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "file": str(pair.file),
        "shown": pair.shown,
        "answers": [reply._asdict() for reply in pair.replies],
    }

"""The figures in words that a manager reads, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pocketlens.confusion import Confusion, lowest_recall, most_confused
from pocketlens.intervals import wilson_interval
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.metadata import Metadata
from pocketlens.metadata.measurements import Interval, Metrics
from pocketlens.names import counted, cut, listed
from pocketlens.report.about import About
from pocketlens.report.mistakes import Gallery
from pocketlens.report.slices import Slice

FEW = 30
"""Test pictures of which a share of 100 says nothing yet."""
_ENOUGH = 100
_UNEQUAL = 1.5
"""The commonest class over the mean one, from which a plain accuracy misleads."""
_OFTEN = 3
"""Mistakes of a pair from which it is told."""


def big_number(metrics: Metrics) -> str:
    """The accuracy as people say it, such as "84 of 100"."""
    right = round(metrics.accuracy * metrics.images)
    return f"{right:,} of {metrics.images:,}" if _is_counted(metrics) else _of(metrics.accuracy)


def headline(metadata: Metadata, metrics: Metrics, tested: LabelledAnswers) -> Iterator[str]:
    """Sentences about how good the model is, the most important first."""
    labels = metadata.labels
    yield from _right(metadata, metrics, tested)
    yield from _against_chance(labels, metrics)
    yield from _confused(labels, metrics)
    if never := metrics.balance.never_answered:
        names = listed([labels[place] for place in never], 5)
        yield (
            f"It never answers {names}, though there are pictures of it."
            if len(never) == 1
            else f"It never answers {names}, though there are pictures of them."
        )
    matrix = metrics.confusion_matrix
    absent = [label for label, row in zip(labels, matrix, strict=True) if not any(row)]
    if absent:
        yield f"There was no picture of {listed(absent, 5)}: nothing is known of it."


def _right(metadata: Metadata, metrics: Metrics, tested: LabelledAnswers) -> Iterator[str]:
    which = "that it has not seen"
    if tested.learnt:
        which = "that it has learnt from, so it will be right for fewer others"
    elif tested.learnt is None:
        which = f"of the folder {tested.folder_name}"
    elif metadata.data and not metadata.data.split.get("test", 1):
        which = "by which it was chosen, so it may be right for fewer others"
    right, images = round(metrics.accuracy * metrics.images), metrics.images
    low, high = metrics.accuracy_interval
    if images < FEW:
        yield f"Right for {right} of {counted(images, 'picture')} {which}: too few to say more."
        anything = f"from {math.floor(low * 100)} to {math.ceil(high * 100)} of 100"
        yield f"For others, anything {anything} may be right."
    elif right == images:
        yield f"Right for all {images:,} pictures {which}."
        if not tested.learnt:
            worst = max(1, math.ceil((1 - low) * 1000))
            yield (
                "That does not mean that it never errs: up to "
                f"{worst:,} of 1,000 others may be wrong."
            )
    else:
        between = _between(metrics.accuracy_interval)
        yield f"Right for {big_number(metrics)} pictures {which} (between {between})."
    if tested.learnt is None:
        yield "If it has learnt from some of these pictures, it is right for fewer others."


def _against_chance(labels: Sequence[str], metrics: Metrics) -> Iterator[str]:
    balance, matrix = metrics.balance, metrics.confusion_matrix
    counts = [sum(row) for row in matrix]
    commonest = cut(labels[counts.index(max(counts))])
    tested = sum(1 for count in counts if count)
    share = balance.majority_share
    if tested < 2:
        yield f"All of them are of one class, {commonest}: it may be right by saying that always."
        return
    is_equal = share * tested <= _UNEQUAL
    always = "Always saying the same class" if is_equal else f"Always saying {commonest}"
    if metrics.accuracy_interval[0] <= share:
        yield f"{always} would give {_of(share)}: it is not clearly better than that."
    else:
        yield f"{always} would give {_of(share)}."
    if not is_equal:
        between = _between(balance.interval)
        yield (
            "The classes have unequal numbers of pictures; if each counts alike, it is right for "
            f"{_of(balance.accuracy)} (between {between})."
        )


def _confused(labels: Sequence[str], metrics: Metrics) -> Iterator[str]:
    wrong = metrics.images - round(metrics.accuracy * metrics.images)
    pair = confused_pair(labels, metrics)
    if pair is None:
        return
    a, b = cut(pair.shown), cut(pair.answered)
    if len(labels) == 2:
        other = wrong - pair.mistakes
        yield (
            f"It takes {a} for {b} {_times(pair.mistakes)} and {b} for {a} "
            f"{_times(other) if other else 'never'}."
        )
    elif pair.mistakes < _OFTEN:
        yield "No two classes stand out among its mistakes."
    else:
        yield f"It confuses {a} with {b} most: {pair.mistakes:,} of its {wrong:,} mistakes."


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def confused_pair(labels: Sequence[str], metrics: Metrics) -> Confusion | None:
    """The two classes that are confused most, either way; of two classes, the larger way."""
    found = most_confused(labels, metrics.confusion_matrix, len(labels) ** 2)
    if not found or len(labels) == 2:
        return found[0] if found else None
    ways = {(each.shown, each.answered): each for each in found}

    def both(each: Confusion) -> int:
        back = ways.get((each.answered, each.shown))
        return each.mistakes + (back.mistakes if back else 0)

    most = max(found, key=both)
    return most._replace(mistakes=both(most))


def next_steps(
    metadata: Metadata,
    metrics: Metrics,
    tested: LabelledAnswers,
    gallery: Gallery,
    slices: Sequence[Slice],
    about: About,
) -> Iterator[str]:
    """What to do next, the most useful first.

    Args:
        metadata: The model's.
        metrics: Its figures.
        tested: The answers.
        gallery: What was chosen of them.
        slices: The kinds of pictures.
        about: What `check` found.
    """
    if tested.learnt:
        yield "Measure it on pictures that it has not learnt from, by pocketlens evaluate."
    if metrics.images < _ENOUGH:
        yield f"Test on {_ENOUGH} pictures or more: of fewer, the figures say little."
    if gallery.suspects:
        first = next(each for each in (*gallery.surest, *gallery.suspected) if each.is_suspected)
        yield (
            f"Look at the labels of {counted(gallery.suspects, 'picture')} in part 3: some may be "
            f"wrong. First {first.file}, given as {cut(first.given)}."
        )
    yield from _weakest(metadata, metrics)
    pair = confused_pair(metadata.labels, metrics)
    if pair and pair.mistakes >= _OFTEN and len(metadata.labels) > 2:
        yield (
            f"Look at {cut(pair.shown)} and {cut(pair.answered)} side by side in part 2: if a "
            "person cannot tell them apart either, make one class of them."
        )
    for each in slices:
        if each.verdict == "worse":
            yield f"Add pictures of this kind: {each.title}. It is right less often for them."
    if about.findings and about.findings.found:
        yield "Read what pocketlens check found in the training folder, in part 8."


def _weakest(metadata: Metadata, metrics: Metrics) -> Iterator[str]:
    """The class that is missed more often than the others, beyond chance."""
    labels, matrix = metadata.labels, metrics.confusion_matrix
    worst = lowest_recall(labels, matrix, 1)
    if not worst or metrics.images < FEW or metrics.accuracy == 1:
        return
    figures = worst[0]
    right = round(figures.recall * figures.pictures)
    if wilson_interval(right, figures.pictures)[1] >= metrics.accuracy:
        yield (
            "No class is missed clearly more often than the others: more pictures of all of them "
            "help most."
        )
        return
    learnt = metadata.data.images.get(figures.label) if metadata.data else None
    text = f"; it has learnt from {learnt:,}" if learnt else ""
    yield (
        f"Add pictures of {cut(figures.label)}: of its {counted(figures.pictures, 'test picture')} "
        f"{right:,} {'was' if right == 1 else 'were'} right{text}."
    )


def _is_counted(metrics: Metrics) -> bool:
    """Whether a share of 100 would hide that some are wrong, or that there are few."""
    return metrics.images < FEW or round(metrics.accuracy * 100) in (0, 100)


def _of(share: float) -> str:
    return f"{share * 100:.0f} of 100"


def _between(interval: Interval) -> str:
    low, high = interval
    if high - low < 0.015 or low > 0.98:
        return f"{low * 100:.1f} and {high * 100:.1f} of 100"
    return f"{low * 100:.0f} and {high * 100:.0f}"

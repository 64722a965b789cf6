"""An answer or an error on standard output: as text, JSON or CSV."""

from __future__ import annotations

import argparse
import json
import sys

from pocketlens.csv_rows import write_row
from pocketlens.metadata.familiarity import word
from pocketlens.names import printable
from pocketlens.prediction import Prediction

_COLUMNS = ("file", "rank", "label", "score", "rejected", "familiarity", "error")


def write_header(arguments: argparse.Namespace) -> None:
    """Prints what comes before the first answer."""
    if arguments.csv:
        write_row(sys.stdout, _COLUMNS)


def write_answer(arguments: argparse.Namespace, photo: str, answer: Prediction) -> None:
    """Prints the answer for one photo."""
    if arguments.json:
        row = answer.to_dict(arguments.top_k or len(answer.scores))
        print(json.dumps({"file": photo, **row}, ensure_ascii=False))
    elif arguments.csv:
        _write_csv(photo, answer, arguments.top_k or 5)
    else:
        _write_text(photo, answer, arguments.top_k or 5)


def write_error(arguments: argparse.Namespace, photo: str, error: str) -> None:
    """Prints the row of a photo that has no answer; as text there is none."""
    if arguments.json:
        print(json.dumps({"file": photo, "error": error}, ensure_ascii=False))
    elif arguments.csv:
        write_row(sys.stdout, (photo, *[None] * 5, error))


def _write_text(photo: str, answer: Prediction, top_k: int) -> None:
    text = "  ".join(f"{label} {score:.1%}" for label, score in answer.top_k(top_k))
    if answer.rejected:
        text = f"{word(tuple(answer.scores))} (familiarity {answer.familiarity:.1%}; else {text})"
    print(f"{printable(photo)}: {text}")


def _write_csv(photo: str, answer: Prediction, top_k: int) -> None:
    for rank, (label, score) in enumerate(answer.top_k(top_k), start=1):
        cells = (photo, rank, label, score, answer.rejected, answer.familiarity, None)
        write_row(sys.stdout, cells)

"""Command-line arguments that several commands share, and their types."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path

from pocketlens.loading import BUNDLED_MODEL


def add_model(parser: argparse.ArgumentParser) -> None:
    """Adds the model file as a positional argument that may be left out."""
    parser.add_argument(
        "model",
        nargs="?",
        type=Path,
        default=BUNDLED_MODEL,
        metavar="MODEL",
        help=".onnx file (default: the bundled model)",
    )


def add_groups(parser: argparse._ActionsContainer) -> None:
    """Adds which pictures are tested together; see named_groups()."""
    parser.add_argument(
        "--groups",
        type=_groups,
        metavar="WHICH",
        help="pictures that belong together stay in one fold: 'sub-folder', or a regular "
        r"expression whose first group names theirs, such as '(cam\d+)_'",
    )


def add_exclude_list(parser: argparse._ActionsContainer) -> None:
    """Adds which files are left out; see exclude()."""
    parser.add_argument(
        "--exclude-list",
        type=Path,
        metavar="FILE",
        help="leave out the files that it names, one a line, as `pocketlens check` writes it",
    )


def positive_int(text: str) -> int:
    """A whole number above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a whole number above 0")
    return int(text)


def positive_float(text: str) -> float:
    """A finite number above zero."""
    number = _number(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a number above 0")
    return number


def fraction(text: str) -> float:
    """A number between 0 and 1, both excluded."""
    number = _number(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a number between 0 and 1")
    return number


def share(text: str) -> float:
    """A number from 0 to 1."""
    number = _number(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a number from 0 to 1")
    return number


def seed(text: str) -> int:
    """A whole number below 2**32."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a whole number below 2**32")
    return int(text)


def _groups(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("got '', expected 'sub-folder' or a regular expression")
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, expected 'sub-folder' or a regular expression ({error})"
        ) from error
    return text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan

"""`pocketlens predict`."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from itertools import tee
from typing import Any

from pocketlens.cli.arguments import positive_int, share
from pocketlens.cli.pictures import SUFFIXES, picture_files
from pocketlens.cli.printing import print_error, printable
from pocketlens.cli.progress import Progress
from pocketlens.errors import FileMissingError, PocketLensError
from pocketlens.loading import load_model
from pocketlens.metadata.familiarity import word
from pocketlens.prediction import Prediction
from pocketlens.reading import DEFAULT_LIMITS

_COLUMNS = ("file", "rank", "label", "score", "rejected", "familiarity", "error")


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what is on photos: files, or whole folders."""
    parser.epilog = (
        "Folders are searched for picture files, with all that is below them. A photo that cannot\n"
        "be read is reported and the rest go on; exit status 1 then.\n"
        "--json prints one object a line, --csv one row for each photo and class.\n\n"
        "Example: pocketlens predict cat.jpg dog.png --top-k 1 --json"
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="picture file or folder")
    parser.add_argument("--model", metavar="FILE", help=".onnx file (default: cats and dogs)")
    parser.add_argument(
        "--top-k",
        type=positive_int,
        metavar="N",
        help="classes to show for each photo, best first (default: 5, in JSON all)",
    )
    parser.add_argument(
        "--min-familiarity",
        type=share,
        metavar="N",
        help="reject pictures below it, 0 to 1 (default: the model's, mostly 0.02; 0: none)",
    )
    parser.add_argument(
        "--max-pixels",
        type=positive_int,
        default=DEFAULT_LIMITS.max_pixels,
        metavar="N",
        help="refuse larger pictures (default: %(default)s)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="JSON lines")
    form.add_argument("--csv", action="store_true", help="CSV with a header")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the answers as they come; see configure()."""
    # Each worker runs the network with one thread, which is faster than all with all cores.
    model = load_model(
        arguments.model,
        intra_op_num_threads=1,
        min_familiarity=arguments.min_familiarity,
        max_pixels=arguments.max_pixels,
    )
    write = _write_json if arguments.json else _write_csv if arguments.csv else _write_text
    if arguments.csv:
        _table().writerow(_COLUMNS)
    top_k = arguments.top_k or (len(model.labels) if arguments.json else 5)
    unread: list[OSError] = []
    total = None
    if sys.stderr.isatty():
        total = sum(1 for _ in picture_files(arguments.photos, lambda error: None))
    progress = Progress(total)
    done = failed = 0
    files, names = tee(picture_files(arguments.photos, unread.append))
    for photo, answer in zip(names, model.predict_many(files), strict=True):
        done += 1
        progress.advance()
        if sys.stdout.isatty() or isinstance(answer, PocketLensError):
            progress.clear()
        if isinstance(answer, Prediction):
            write(photo, answer, top_k)
            continue
        failed += 1
        _write_error(arguments, photo, str(answer))
    progress.clear()
    for error in unread:
        folder = str(error.filename)
        _write_error(arguments, folder, f"{folder}: cannot be read ({error.strerror})")
    if not done and not unread:
        raise FileMissingError(
            f"{', '.join(arguments.photos)}: no picture files, expected names that end in "
            f"{', '.join(sorted(SUFFIXES))}"
        )
    return 1 if failed or unread else 0


def _table() -> Any:
    # Texts in quotes: a carriage return in a file's name would otherwise end the row.
    return csv.writer(sys.stdout, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


def _write_error(arguments: argparse.Namespace, name: str, error: str) -> None:
    if arguments.json:
        print(json.dumps({"file": name, "error": error}, ensure_ascii=False))
    elif arguments.csv:
        _table().writerow([name, *[""] * 5, error])
    print_error(error)


def _write_text(photo: str, answer: Prediction, top_k: int) -> None:
    text = "  ".join(f"{label} {score:.1%}" for label, score in answer.top_k(top_k))
    if answer.rejected:
        text = f"{word(tuple(answer.scores))} (familiarity {answer.familiarity:.1%}; else {text})"
    print(f"{printable(photo)}: {text}")


def _write_json(photo: str, answer: Prediction, top_k: int) -> None:
    row = {
        "file": photo,
        "label": answer.label,
        "score": answer.score,
        "scores": dict(answer.top_k(top_k)),
        "rejected": answer.rejected,
        "familiarity": answer.familiarity,
    }
    print(json.dumps(row, ensure_ascii=False))


def _write_csv(photo: str, answer: Prediction, top_k: int) -> None:
    rows = _table()
    for rank, (label, score) in enumerate(answer.top_k(top_k), start=1):
        familiarity = "" if answer.familiarity is None else answer.familiarity
        rows.writerow([photo, rank, label, score, str(answer.rejected).lower(), familiarity, ""])

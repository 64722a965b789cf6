"""`pocketlens predict`."""

from __future__ import annotations

import argparse
import csv
import json
import sys

from pocketlens.classifier import load_model
from pocketlens.cli.arguments import positive_int, share
from pocketlens.cli.printing import print_error, printable
from pocketlens.errors import PocketLensError
from pocketlens.familiarity import word
from pocketlens.prediction import Prediction

_COLUMNS = ("file", "rank", "label", "score", "rejected", "familiarity", "error")


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what is on one or more photos."""
    parser.epilog = (
        "A photo that cannot be read is reported and the rest go on; exit status 1 then.\n"
        "--json prints one object a line, --csv one row for each photo and class.\n\n"
        "Example: pocketlens predict cat.jpg dog.png --top-k 1 --json"
    )
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="picture file")
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
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="JSON lines")
    form.add_argument("--csv", action="store_true", help="CSV with a header")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the answers as they come; see configure()."""
    model = load_model(arguments.model, min_familiarity=arguments.min_familiarity)
    write = _write_json if arguments.json else _write_csv if arguments.csv else _write_text
    if arguments.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerow(_COLUMNS)
    top_k = arguments.top_k or (len(model.labels) if arguments.json else 5)
    status = 0
    for photo in arguments.photos:
        try:
            write(photo, model.predict(photo), top_k)
        except PocketLensError as error:
            if arguments.json:
                print(json.dumps({"file": photo, "error": str(error)}, ensure_ascii=False))
            elif arguments.csv:
                csv.writer(sys.stdout, lineterminator="\n").writerow([photo, *[""] * 5, error])
            print_error(error)
            status = 1
    return status


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
    rows = csv.writer(sys.stdout, lineterminator="\n")
    for rank, (label, score) in enumerate(answer.top_k(top_k), start=1):
        familiarity = "" if answer.familiarity is None else answer.familiarity
        rows.writerow([photo, rank, label, score, str(answer.rejected).lower(), familiarity, ""])

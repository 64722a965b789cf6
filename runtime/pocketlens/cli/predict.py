"""`pocketlens predict`."""

from __future__ import annotations

import argparse
import csv
import json
import sys

from pocketlens.classifier import load_model
from pocketlens.cli.arguments import positive_int
from pocketlens.cli.printing import print_error, printable
from pocketlens.errors import PocketLensError

Scores = list[tuple[str, float]]


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
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="JSON lines")
    form.add_argument("--csv", action="store_true", help="CSV with a header")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the answers as they come; see configure()."""
    model = load_model(arguments.model)
    write = _write_json if arguments.json else _write_csv if arguments.csv else _write_text
    if arguments.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerow(
            ["file", "rank", "label", "score", "error"]
        )
    top_k = arguments.top_k or (len(model.labels) if arguments.json else 5)
    status = 0
    for photo in arguments.photos:
        try:
            write(photo, model.predict(photo).top_k(top_k), None)
        except PocketLensError as error:
            write(photo, [], str(error))
            print_error(error)
            status = 1
    return status


def _write_text(photo: str, scores: Scores, error: str | None) -> None:
    if error is None:
        answer = "  ".join(f"{label} {score:.1%}" for label, score in scores)
        print(f"{printable(photo)}: {answer}")


def _write_json(photo: str, scores: Scores, error: str | None) -> None:
    row: dict[str, object] = {"file": photo}
    if error is None:
        label, score = scores[0]
        row |= {"label": label, "score": score, "scores": dict(scores)}
    else:
        row["error"] = error
    print(json.dumps(row, ensure_ascii=False))


def _write_csv(photo: str, scores: Scores, error: str | None) -> None:
    rows = csv.writer(sys.stdout, lineterminator="\n")
    for rank, (label, score) in enumerate(scores, start=1):
        rows.writerow([photo, rank, label, score, ""])
    if error is not None:
        rows.writerow([photo, "", "", "", error])

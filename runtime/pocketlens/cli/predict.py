"""`pocketlens predict`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import tee

from pocketlens.cli.answers import write_answer, write_error, write_header
from pocketlens.cli.arguments import positive_int, share
from pocketlens.cli.file_counts import FileCounts
from pocketlens.cli.predict_out import add_out, run_out, wrong_options
from pocketlens.cli.printing import print_error
from pocketlens.cli.progress import Progress
from pocketlens.errors import FileError, FileMissingError, PocketLensError
from pocketlens.loading import load_model
from pocketlens.pictures.files import DEFAULT_LIMITS
from pocketlens.pictures.folders import PassedOver, all_files, is_folder, picture_files
from pocketlens.pictures.formats.header import EXPECTED
from pocketlens.prediction import Prediction

_STDIN = "-"


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what is on photos: files, or whole folders."""
    parser.epilog = (
        "Folders are searched for pictures, whatever their names, with all that is below them;\n"
        "other files, hidden and system ones are passed over and counted. A photo that cannot be\n"
        "read is reported and the rest go on; exit status 1 then.\n"
        "--json prints one object a line, --csv one row for each photo and class.\n\n"
        "Example: pocketlens predict cat.jpg dog.png --top-k 1 --json\n"
        "         pocketlens predict photos --out answers --shard 0/4"
    )
    parser.add_argument(
        "photos", nargs="*", metavar="PHOTO", help="file, folder, or - (standard input)"
    )
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
    add_out(parser)
    parser.set_defaults(run=run, refuse=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Prints the answers as they come, or writes them; see configure()."""
    if wrong := wrong_options(arguments):
        arguments.refuse(wrong)
    if arguments.out is not None:
        return run_out(arguments)
    photos = set(arguments.photos)
    if _STDIN in photos and (sys.stdin is None or sys.stdin.isatty()):
        raise FileError(
            "-: standard input is a terminal, expected a picture: pocketlens predict - < photo.jpg"
        )
    model = load_model(
        arguments.model,
        min_familiarity=arguments.min_familiarity,
        max_pixels=arguments.max_pixels,
    )
    write_header(arguments)
    total = None
    if sys.stderr.isatty():
        total = sum(1 for _ in all_files(arguments.photos, PassedOver().add, lambda error: None))
    progress = Progress(total)
    counts = FileCounts()
    unread: list[OSError] = []
    files, names = tee(picture_files(arguments.photos, counts.passed, unread.append))
    for photo, answer in zip(names, model.predict_many(_inputs(files, photos)), strict=True):
        progress.show(counts.files + 1)
        if sys.stdout.isatty() or isinstance(answer, PocketLensError):
            progress.clear()
        if isinstance(answer, Prediction):
            counts.answered += 1
            write_answer(arguments, photo, answer)
            continue
        error = f"{photo}: {answer}" if photo == _STDIN else str(answer)
        write_error(arguments, photo, error)
        if photo in photos or not counts.refuse(photo, answer):
            counts.failed += 1
            print_error(error)
    progress.clear()
    for unreadable in unread:
        folder = str(unreadable.filename)
        error = f"{folder}: cannot be read ({unreadable.strerror})"
        write_error(arguments, folder, error)
        print_error(error)
    if any(map(is_folder, photos)):
        counts.print_end()
    if not counts.answered + counts.failed + counts.refused and not unread:
        raise FileMissingError(f"{', '.join(arguments.photos)}: no picture files, {EXPECTED}")
    return 1 if counts.failed or counts.refused or unread else 0


def _inputs(files: Iterable[str], photos: set[str]) -> Iterator[str | bytes]:
    for file in files:
        if file == _STDIN and _STDIN in photos:
            # One byte more than is allowed is enough to be refused.
            yield sys.stdin.buffer.read(DEFAULT_LIMITS.max_bytes + 1)
        else:
            yield file

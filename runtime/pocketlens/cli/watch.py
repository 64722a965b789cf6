"""`pocketlens watch`."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from pocketlens.errors import SettingError
from pocketlens.loading import BUNDLED_MODEL, load_model
from pocketlens.names import printable


def configure(parser: argparse.ArgumentParser) -> None:
    """Answer each picture that arrives in a folder, once."""
    parser.epilog = (
        "Pictures that are there already are answered, too. Each has a line of JSON in FILE: the\n"
        "keys of `predict --json` and a few more; FILE is also the record of what was answered,\n"
        "so that it goes on where it was stopped. A file that changes is answered again.\n\n"
        "Example: pocketlens watch incoming --out answers.jsonl --move sorted"
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with all that is below it")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON lines")
    parser.add_argument(
        "--model",
        type=Path,
        default=BUNDLED_MODEL,
        metavar="FILE",
        help=".onnx file (default: cats and dogs)",
    )
    parser.add_argument(
        "--move",
        type=Path,
        metavar="FOLDER",
        help="move answered pictures to FOLDER/LABEL, or FOLDER/rejected",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Watches until Ctrl-C or SIGTERM; see configure()."""
    from pocketlens.watching.journal import Journal
    from pocketlens.watching.watch import Watch

    folder, into = arguments.folder, arguments.move
    if into is not None and folder.resolve().is_relative_to(into.resolve()):
        raise SettingError(f"--move {into}: expected a folder that is not {folder} nor above it")
    model = load_model(arguments.model)
    with Journal(arguments.out) as journal:
        watch = Watch(folder, model, arguments.model.stem, journal, into)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *about: watch.stop())
        print(f"watching {printable(str(folder))}; Ctrl-C stops it", flush=True)
        watch.run()
    print(f"answered {watch.answered:,}, could not read {watch.failed:,}", file=sys.stderr)
    return 0

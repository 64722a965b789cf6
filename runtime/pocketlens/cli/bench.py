"""`pocketlens bench`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from pocketlens.cli.arguments import add_model
from pocketlens.cli.whole_file import check_writable, write_whole
from pocketlens.errors import FileMissingError
from pocketlens.loading import load_model
from pocketlens.pictures.folders import PassedOver, picture_files

_FORMAT = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Measure what a prediction takes on this machine."""
    parser.epilog = (
        "predict() has one thread unless load_model() is told otherwise, predict_many() a worker\n"
        "for each core.\n\n"
        "Example: pocketlens bench --images photos --json figures.json"
    )
    add_model(parser)
    parser.add_argument("--images", metavar="FOLDER", help="also time predict_many() on these")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the figures as they come; see configure()."""
    from pocketlens.tools.bench import machine, measure

    path = arguments.model
    load_model(path)
    if arguments.json is not None:
        check_writable(Path(arguments.json), models=[path])
    pictures: list[str] = []
    if arguments.images:
        pictures = list(picture_files([arguments.images], PassedOver(), lambda error: None))
        if not pictures or not Path(arguments.images).is_dir():
            raise FileMissingError(f"{arguments.images}: expected a folder with picture files")
    print(f"{path.name} on {machine()}\n")
    print(f"{'':<42}{'p50':>10}{'p90':>10}{'p99':>10}")
    stages = {}
    with TemporaryDirectory() as folder:
        for name, stage in measure(path, pictures, Path(folder)):
            stages[name] = stage
            cells = "".join(f"{stage[key]:>10.2f}" for key in ("p50", "p90", "p99"))
            print(f"{name:<42}{cells} {stage['unit']}", flush=True)
    if arguments.json is not None:
        content = {"format": _FORMAT, "machine": machine(), "model": path.name, "stages": stages}
        write_whole(Path(arguments.json), json.dumps(content, indent=1))
    return 0

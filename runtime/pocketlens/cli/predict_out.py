"""`pocketlens predict --out`: answers for any number of pictures, in a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketlens.cli.progress import Progress
from pocketlens.engine.cores import usable_cores
from pocketlens.engine.model_file import read_model
from pocketlens.errors import SettingError
from pocketlens.loading import BUNDLED_MODEL, load_model
from pocketlens.names import printable
from pocketlens.scoring import JSONL, LOCAL, PARQUET, PART_SIZE
from pocketlens.scoring.shard import Shard

if TYPE_CHECKING:
    from pocketlens.scoring.scoring import Job, Part, Scored


def add_out(parser: argparse.ArgumentParser) -> None:
    """Adds the options of many pictures."""
    many = parser.add_argument_group("for millions of pictures")
    many.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"write the answers into this folder, {PART_SIZE:,} pictures a file; a run that was "
        "cut short goes on when it is started again",
    )
    many.add_argument(
        "--list",
        type=Path,
        metavar="FILE",
        help="a text file that names the pictures, a path or URI a line, in place of PHOTO",
    )
    many.add_argument(
        "--shard",
        type=_shard,
        metavar="I/N",
        help="answer one of N shares of the pictures: 0/4, 1/4, 2/4 and 3/4 are all of them",
    )
    many.add_argument(
        "--ray",
        nargs="?",
        const=LOCAL,
        metavar="ADDRESS",
        help="by a Ray cluster, such as 10.0.0.1:6379 or auto; without ADDRESS by one that is "
        "started here",
    )
    many.add_argument(
        "--format", choices=(JSONL, PARQUET), help=f"of the files in DIR (default: {JSONL})"
    )


def wrong_options(arguments: argparse.Namespace) -> str | None:
    """What is wrong with options that do not go together; None: nothing."""
    if arguments.out is None:
        for name in ("list", "shard", "format", "ray"):
            if getattr(arguments, name) is not None:
                return f"--{name} goes with --out DIR"
    else:
        for name in ("json", "csv", "top_k"):
            if getattr(arguments, name):
                return f"--{name.replace('_', '-')} does not go with --out, which writes all"
    if bool(arguments.photos) == bool(arguments.list):
        return "expected PHOTO, or --list FILE with --out DIR"
    return None


def run_out(arguments: argparse.Namespace) -> int:
    """Answers and prints the counts; exit status 0 also where pictures could not be read.

    A scheduler starts again what fails, and a picture would be no better then.
    """
    # One picture is answered sooner without them.
    import hashlib

    from pocketlens.scoring.manifest import claim, versions
    from pocketlens.scoring.on_ray import score_on_ray
    from pocketlens.scoring.scoring import Job
    from pocketlens.scoring.sources import Sources

    sources = Sources(tuple(arguments.photos), arguments.list)
    sources.check()
    shard, kind = arguments.shard or Shard(), arguments.format or JSONL
    path = BUNDLED_MODEL if arguments.model is None else arguments.model
    model = load_model(
        path, min_familiarity=arguments.min_familiarity, max_pixels=arguments.max_pixels
    )
    run: dict[str, Any] = {
        "model": hashlib.sha256(read_model(path)).hexdigest(),
        "min_familiarity": model.min_familiarity,
        "max_pixels": arguments.max_pixels,
        "pictures": sources.identity(),
        "shards": shard.count,
        "format": kind,
        "part_size": PART_SIZE,
        "versions": versions(),
    }
    claim(arguments.out, run)
    job = Job(arguments.out, sources, model, kind, shard)
    missing = list(job.missing())
    if arguments.ray is None:
        scored = job.score(missing, usable_cores())
    else:
        scored = score_on_ray(job, missing, arguments.out, arguments.ray)
    _follow(job, missing, scored, shard)
    return 0


def _follow(job: Job, missing: list[Part], scored: Iterable[Scored], shard: Shard) -> None:
    total = min(len(missing) * PART_SIZE, job.names.count)
    progress = Progress(total if sys.stderr.isatty() else None)
    answered = failed = 0
    for part in scored:
        answered += part.pictures - part.failed
        failed += part.failed
        progress.show(answered + failed)
    progress.clear()
    text = f"pocketlens: answered {answered:,} of {job.names.count:,} pictures"
    if failed:
        text += f"; {failed:,} could not be read"
    if before := job.names.count - answered - failed:
        text += f"; {before:,} were done before"
    if shard.count > 1:
        text += f"; shard {shard.index}/{shard.count}"
    print(printable(text), file=sys.stderr)


def _shard(text: str) -> Shard:
    try:
        return Shard.parse(text)
    except SettingError as error:
        raise argparse.ArgumentTypeError(str(error)) from error

"""`pocketlens compare`."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pocketlens.cli.file_counts import FileCounts
from pocketlens.cli.printing import print_error, print_note
from pocketlens.cli.whole_file import check_lies_outside, check_writable, say_written
from pocketlens.errors import DatasetError, PocketLensError, SettingError
from pocketlens.loading import load_model
from pocketlens.names import counted, listed

if TYPE_CHECKING:
    from pocketlens.comparing.comparison import Comparison
    from pocketlens.labelled import Labelled


def configure(parser: argparse.ArgumentParser) -> None:
    """Compare two model files, or two runs, on the same pictures."""
    parser.epilog = (
        "Of two run folders it compares the answers to the pictures that both have tested, before\n"
        "the export's temperature. Of two .onnx files it asks both about --folder, and times both\n"
        "in turns. A difference may be chance while its 95 % interval holds 0.\n\n"
        "Example: pocketlens compare old.onnx new.onnx --folder flowers-test"
    )
    parser.add_argument("first", type=Path, metavar="A", help=".onnx file or run folder")
    parser.add_argument("second", type=Path, metavar="B", help="the same, to compare with it")
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="FOLDER",
        help="pictures to ask two .onnx files about; sub-folders are the classes",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with the pictures")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the figures; see configure()."""
    from pocketlens.comparing.page import write_comparison
    from pocketlens.comparing.wording import as_json, as_text
    from pocketlens.report.pages import require_jinja2

    paths = arguments.first, arguments.second
    runs = [path.is_dir() for path in paths]
    if arguments.html:
        require_jinja2()
        check_writable(arguments.html, models=paths)
        if arguments.folder:
            check_lies_outside(arguments.html, arguments.folder)
    if any(runs) and arguments.folder:
        raise SettingError(
            f"{paths[runs.index(True)]}: is a run, and --folder asks .onnx files; export it first, "
            "or leave --folder out to compare what two runs have tested"
        )
    if runs == [True, True]:
        comparison, failed = _compare_runs(*paths), False
    elif arguments.folder is None:
        raise SettingError(
            "expected --folder FOLDER with labelled pictures to ask both files about, or two run "
            "folders"
        )
    else:
        comparison, failed = _compare_files(paths, arguments.folder)
    if arguments.html:
        write_comparison(arguments.html, comparison)
    if arguments.json:
        print(json.dumps(as_json(comparison), ensure_ascii=False))
    else:
        print(as_text(comparison), end="")
    if arguments.html:
        say_written(arguments.html)
    return int(failed)


def _compare_runs(first: Path, second: Path) -> Comparison:
    from pocketlens.comparing.comparison import compare_answers
    from pocketlens.comparing.replies import common_answers
    from pocketlens.run_folder import read_run

    pairs, alone = common_answers((read_run(first), read_run(second)))
    if first.samefile(second):
        print_note(f"{first} and {second} are the same run: nothing differs")
    if alone:
        print_note(f"left out: {counted(alone, 'picture')} that one of the two alone has tested")
    return compare_answers(_names(first, second), pairs)


def _compare_files(paths: tuple[Path, Path], folder: Path) -> tuple[Comparison, bool]:
    from pocketlens.comparing.comparison import compare_answers
    from pocketlens.comparing.latency import time_in_turns
    from pocketlens.comparing.replies import ask_models
    from pocketlens.labelled import is_trained_on

    models = load_model(paths[0]), load_model(paths[1])
    if paths[0].read_bytes() == paths[1].read_bytes():
        print_note(
            f"{paths[0]} and {paths[1]} are the same model: only the times differ, by chance"
        )
    counts, unread = FileCounts(), list[OSError]()
    folders = [
        _labelled(path, folder, model.labels, counts)
        for path, model in zip(paths, models, strict=True)
    ]
    labels = folders[0].labels
    pictures = (
        (labels[place], file) for place, file in folders[0].pictures(counts.passed, unread.append)
    )

    def on_error(file: str, error: PocketLensError) -> None:
        if not counts.refuse(file, error):
            counts.failed += 1
            print_error(error)

    pairs = list(ask_models(models, pictures, on_error))
    sizes = Counter(pair.shown for pair in pairs)
    for path, model, labelled in zip(paths, models, folders, strict=True):
        if is_trained_on(
            labelled, [sizes[label] for label in labelled.labels], model.metadata.data
        ):
            print_note(f"{path} was trained on these pictures: its figures are too good")
    counts.answered = len(pairs)
    for error in unread:
        print_error(f"{error.filename}: cannot be read ({error.strerror})")
    counts.print_end()
    if not pairs:
        raise DatasetError(f"{folder}: no picture could be read")
    found = compare_answers(_names(*paths), pairs)
    size = paths[0].stat().st_size, paths[1].stat().st_size
    latency = time_in_turns(models, [pair.file for pair in pairs])
    return replace(found, bytes=size, latency=latency), bool(
        counts.failed or counts.refused or unread
    )


def _labelled(path: Path, folder: Path, labels: Sequence[str], counts: FileCounts) -> Labelled:
    """The folder's classes as the model's; an error says of which of the two models it is."""
    from pocketlens.labelled import compare

    try:
        labelled = compare(folder, labels, counts.passed)
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error
    if labelled.unknown:
        raise DatasetError(
            f"{path}: does not know {listed(list(labelled.unknown), 5)}, of which {folder} "
            "has pictures; expected a folder of classes that both models know"
        )
    return labelled


def _names(first: Path, second: Path) -> tuple[str, str]:
    if first.name == second.name:
        return str(first), str(second)
    return first.name, second.name

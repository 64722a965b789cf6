"""`pocketlens evaluate`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pocketlens.cli.file_counts import FileCounts
from pocketlens.cli.printing import print_error, print_note
from pocketlens.cli.progress import Progress
from pocketlens.cli.whole_file import check_lies_outside, check_writable, say_written, write_whole
from pocketlens.errors import DatasetError, FileMissingError, PocketLensError
from pocketlens.loading import load_model
from pocketlens.names import listed
from pocketlens.pictures.folders import PassedOver, all_files, picture_files
from pocketlens.prediction import Prediction

if TYPE_CHECKING:
    from pocketlens.classifier import Classifier
    from pocketlens.labelled_answers import LabelledAnswers
    from pocketlens.report.collecting import AnswerCollector
    from pocketlens.tools.evaluation_report import Report


def configure(parser: argparse.ArgumentParser) -> None:
    """Measure how good a model file is on a folder with one sub-folder for each class."""
    parser.epilog = (
        "Every picture counts, also one that is rejected. Folders of classes are known by their\n"
        "names. A picture that cannot be read is reported and the rest go on; exit status 1 then.\n"
        "Balanced accuracy is the mean of the recalls of the classes that have pictures; its\n"
        "interval is Wilson's for the number of pictures that fits the classes' variances.\n"
        "--report keeps all probabilities: 4 bytes for each picture and class; and reads each\n"
        "picture once more.\n\n"
        "Example: pocketlens evaluate flowers.onnx flowers-test --out report.txt"
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help=".onnx file")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="sub-folders are the classes")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--out", type=Path, metavar="REPORT", help="write it there too, as JSON if named .json"
    )
    parser.add_argument(
        "--report", type=Path, metavar="HTML", help="write a page with the figures and mistakes"
    )
    parser.add_argument(
        "--outliers", type=Path, metavar="FOLDER", help="pictures of no class, to be rejected"
    )
    parser.add_argument(
        "--common",
        action="store_true",
        help="leave out classes that the model does not know; an answer with a class that has no "
        "folder is wrong all the same",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the figures; see configure()."""
    # Each command pays for what is imported above.
    from pocketlens.evaluation import measure
    from pocketlens.labelled import check_all_are_known, compare, is_trained_on
    from pocketlens.tools.evaluation_report import Report, as_json, as_text

    model = load_model(arguments.model)
    watch = _Watch()
    labelled = compare(arguments.folder, model.labels, watch.counts.passed)
    if not arguments.common:
        check_all_are_known(labelled)
    if arguments.outliers and not arguments.outliers.is_dir():
        raise FileMissingError(f"{arguments.outliers}: expected a folder with picture files")
    check_writable(arguments.out, arguments.report, models=[arguments.model])
    if arguments.report:
        check_lies_outside(arguments.report, arguments.folder)
    collector = _collector(arguments.folder, len(model.labels)) if arguments.report else None
    if labelled.lacking:
        print_note(f"{labelled.folder}: has no pictures of {listed(labelled.lacking)}")
    left_out = labelled.count_unknown()
    pictures = labelled.pictures(watch.counts.passed, watch.unread.append)
    outliers = watch.pictures(arguments.outliers) if arguments.outliers else None
    watch.start([*labelled.known.values(), *([arguments.outliers] if outliers else [])])
    keep = collector.keep if collector else None
    evaluation = measure(model, pictures, outliers, watch.see, keep)
    watch.end()
    if evaluation is None:
        raise DatasetError(f"{labelled.folder}: no picture of a class of the model could be read")
    counts = [sum(row) for row in evaluation.metrics.confusion_matrix]
    learnt = is_trained_on(labelled, counts, model.metadata.data)
    if learnt:
        print_note(
            f"{labelled.folder}: the model was trained on these pictures, so the figures are too "
            "good; `pocketlens info` has those of pictures that it had not learnt from"
        )
    lacks_outliers = outliers is not None and evaluation.outliers is None
    if lacks_outliers:
        print_error(f"{arguments.outliers}: no picture could be read (--outliers)")
    report = Report(arguments.model.name, labelled, evaluation, left_out, watch.failures)
    texts = {False: as_text(report), True: json.dumps(as_json(report), ensure_ascii=False) + "\n"}
    print(texts[arguments.json], end="")
    if arguments.out is not None:
        write_whole(arguments.out, texts[arguments.out.suffix.lower() == ".json"])
    if collector:
        _write_report(arguments, model, collector.collected(learnt), report)
    return 1 if watch.failures or watch.unread or lacks_outliers else 0


def _collector(folder: Path, classes: int) -> AnswerCollector:
    from pocketlens.report.collecting import AnswerCollector
    from pocketlens.report.pages import require_jinja2

    require_jinja2()
    return AnswerCollector(folder, classes)


def _write_report(
    arguments: argparse.Namespace, model: Classifier, tested: LabelledAnswers, report: Report
) -> None:
    from pocketlens.report.about import about_file
    from pocketlens.report.report import write_report

    about = replace(about_file(arguments.model, model, tested), left_out=report.left_out)
    metadata = replace(model.metadata, metrics=report.evaluation.metrics)
    write_report(arguments.report, metadata, tested, about)
    say_written(arguments.report)


class _Watch:
    """Shows how far it is, and prints and counts what could not be read."""

    def __init__(self) -> None:
        self.counts = FileCounts()
        self.failures: list[tuple[str, str]] = []
        self.unread: list[OSError] = []
        self._progress = Progress(None)

    def pictures(self, folder: Path) -> Iterator[str]:
        return picture_files([str(folder)], self.counts.passed, self.unread.append)

    def start(self, folders: list[Path]) -> None:
        if sys.stderr.isatty():
            files = all_files(list(map(str, folders)), PassedOver().add, lambda error: None)
            self._progress = Progress(sum(1 for _ in files))

    def see(self, file: str, answer: Prediction | PocketLensError) -> None:
        self._progress.show(self.counts.files + 1)
        if isinstance(answer, Prediction):
            self.counts.answered += 1
            return
        self._progress.clear()
        self.failures.append((file, str(answer)))
        if not self.counts.refuse(file, answer):
            self.counts.failed += 1
            print_error(answer)

    def end(self) -> None:
        self._progress.clear()
        for error in self.unread:
            print_error(f"{error.filename}: cannot be read ({error.strerror})")
        self.counts.print_end()

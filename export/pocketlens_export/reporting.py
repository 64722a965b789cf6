"""The report on a file that was just written; the file is good without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pocketlens.checking.findings import Findings
from pocketlens.cli.printing import print_note
from pocketlens.errors import FileError
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.loading import load_model
from pocketlens.report.about import about_file
from pocketlens.report.report import write_report


def report_on(
    file: Path, tested: LabelledAnswers, report: Path, findings: Findings | None = None
) -> None:
    """Writes the report, or says why there is none.

    Args:
        file: The .onnx file.
        tested: The answers that its metrics are of.
        report: Where to.
        findings: What was found in the folder before the training.
    """
    model = load_model(file)
    about = replace(about_file(file, model, tested), findings=findings)
    try:
        write_report(report, model.metadata, tested, about)
    except FileError as error:
        print_note(f"no report: {error}")
    else:
        print(f"report: {report}")

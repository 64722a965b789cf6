"""The report on a file that was just written; the file is good without it."""

from __future__ import annotations

from pathlib import Path

from pocketlens.checking.findings import Findings
from pocketlens.cli.printing import print_note
from pocketlens.errors import FileError
from pocketlens.loading import load_model
from pocketlens.report.answers import milliseconds
from pocketlens.report.report import write_report
from pocketlens.report.tested import About, Tested


def report_on(file: Path, tested: Tested, report: Path, findings: Findings | None = None) -> None:
    """Writes the report, or says why there is none.

    Args:
        file: The .onnx file.
        tested: The answers that its metrics are of.
        report: Where to.
        findings: What was found in the folder before the training.
    """
    model = load_model(file)
    took = milliseconds(model, tested.folder, tested.files)
    about = About(file.name, file.stat().st_size, took, findings=findings)
    try:
        write_report(report, model.metadata, tested, about)
    except FileError as error:
        print_note(f"no report: {error}")
    else:
        print(f"report: {report}")

"""`pocketlens check`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pocketlens.cli.progress import Progress
from pocketlens.cli.whole_file import (
    check_lies_outside,
    check_writable,
    say_written,
    write_whole,
)
from pocketlens.extras import requires_extra


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what is wrong with the pictures of a folder: files, duplicates, labels, leaks."""
    parser.epilog = (
        "The folder may also be split already, into train, val and test: then what crosses the\n"
        "split is named too. Nothing is changed or deleted. Exit status 0, whatever is found.\n\n"
        "Example: pocketlens check flowers --exclude-list leave-out.txt\n"
        "         pocketlens train flowers --exclude-list leave-out.txt --out runs/flowers"
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="sub-folders are the classes")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write all findings there")
    parser.add_argument(
        "--exclude-list",
        type=Path,
        metavar="FILE",
        help="write there what to leave out, for `train` and `teach`; edit it in between",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with the pictures")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints what is found; see configure()."""
    with requires_extra("check", "sklearn", "scipy", "threadpoolctl"):
        import sklearn.linear_model  # noqa: F401  # it is wanted after minutes of reading
    from pocketlens.checking.check import check_folder
    from pocketlens.checking.page import write_findings
    from pocketlens.checking.wording import as_exclude_list, as_table, next_steps
    from pocketlens.report.pages import require_jinja2

    if arguments.html:
        require_jinja2()
    outputs = arguments.out, arguments.exclude_list, arguments.html
    for file in outputs:
        if file is not None:
            check_lies_outside(file, arguments.folder)
    check_writable(*outputs)
    findings = check_folder(arguments.folder, _show)
    for line in as_table(findings):
        print(line)
    print()
    for line in next_steps(findings, arguments.out, arguments.exclude_list):
        print(line)
    if arguments.out is not None:
        write_whole(arguments.out, json.dumps(findings.to_dict(), indent=1) + "\n")
    if arguments.exclude_list is not None:
        write_whole(arguments.exclude_list, as_exclude_list(findings))
    if arguments.html is not None:
        write_findings(arguments.html, findings)
        say_written(arguments.html)
    return 0


def _show(results: Iterable[Any], total: int) -> Iterator[Any]:
    progress = Progress(total if sys.stderr.isatty() else None)
    for done, result in enumerate(results, 1):
        progress.show(done)
        yield result
    progress.clear()

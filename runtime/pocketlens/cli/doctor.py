"""`pocketlens doctor`."""

from __future__ import annotations

import argparse

from pocketlens.cli.arguments import add_model
from pocketlens.names import printable


def configure(parser: argparse.ArgumentParser) -> None:
    """Look at this installation, machine and model: what to put into a bug report."""
    parser.epilog = "Exit status 1 if there is a problem.\n\nExample: pocketlens doctor my.onnx"
    add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints what was found, each as soon as it is known; see configure()."""
    from pocketlens.tools.doctor import PROBLEM, examine

    problems = 0
    for finding in examine(arguments.model):
        problems += finding.verdict == PROBLEM
        message = printable(finding.message)
        print(f"{finding.verdict:<8} {finding.topic:<22} {message}", flush=True)
    print(f"\n{problems} problems" if problems != 1 else "\n1 problem")
    return 1 if problems else 0

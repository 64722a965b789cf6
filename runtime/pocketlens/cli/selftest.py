"""`pocketlens selftest`."""

from __future__ import annotations

import argparse

from pocketlens.cli.arguments import add_model
from pocketlens.loading import load_model
from pocketlens.pictures.files import read_bytes
from pocketlens.tools.selftest import selftest


def configure(parser: argparse.ArgumentParser) -> None:
    """Check that a model file is whole and answers here as it did where it was exported."""
    parser.epilog = "Exit status 1 if a check fails.\n\nExample: pocketlens selftest flowers.onnx"
    add_model(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints a line for each check; see configure()."""
    path = arguments.model
    checks = selftest(load_model(path), read_bytes(path))
    for check in checks:
        print(f"{check.name:<8} {'ok' if check.passed else 'FAILED':<7} {check.message}")
    return 0 if all(check.passed for check in checks) else 1

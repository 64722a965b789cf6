"""The `pocketlens` command: finds its subcommands by entry point and runs one."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path

import cv2

from pocketlens import __version__
from pocketlens.cli.printing import print_error, print_warning
from pocketlens.errors import PocketLensError

COMMANDS = "pocketlens.commands"


def build_parser() -> argparse.ArgumentParser:
    """The parser with every installed subcommand.

    An entry point of the group names a function that takes the subcommand's parser, adds the
    arguments and sets `run`, a function of the parsed arguments that returns the exit status.

    Raises:
        PocketLensError: There is no subcommand.
    """
    parser = argparse.ArgumentParser(
        prog="pocketlens",
        description="Train an image classifier, ship it as one .onnx file, run it anywhere.",
        epilog="Example: pocketlens predict photo.jpg",
    )
    parser.add_argument("--version", action="version", version=f"pocketlens {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, configure in _configures():
        summary = (configure.__doc__ or "").partition("\n")[0]
        configure(
            commands.add_parser(
                name,
                help=summary,
                description=summary,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    if not commands.choices:
        raise PocketLensError(
            "no commands are found, because the metadata of the package is not there; install it "
            "with pip, or freeze it with PyInstaller, whose hook comes with it"
        )
    return parser


def _configures() -> Iterator[tuple[str, Callable[[argparse.ArgumentParser], None]]]:
    for entry_point in sorted(entry_points(group=COMMANDS), key=lambda found: found.name):
        try:
            configure = entry_point.load()
        except ModuleNotFoundError as error:
            # A frozen application does not hold every package that the metadata names.
            if not f"{entry_point.module}.".startswith(f"{error.name}."):
                raise
        else:
            yield entry_point.name, configure


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line.

    Returns:
        0 when all went well, 1 when something failed, 2 for a wrong command line, 130 for
        Ctrl-C.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file name need not be valid in the terminal's encoding.
            stream.reconfigure(errors="backslashreplace", line_buffering=True)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        arguments = build_parser().parse_args(argv)
        with warnings.catch_warnings():
            warnings.showwarning = print_warning
            return int(arguments.run(arguments))
    except BrokenPipeError:
        # The reader of our output has gone; keep the interpreter's last flush quiet too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (PocketLensError, OSError) as error:
        # A FileError has no number, but it was raised from the system's error.
        numbers = {getattr(each, "errno", None) for each in (error, error.__cause__)}
        full = numbers & {errno.ENOSPC, errno.EDQUOT}
        print_error(f"{error}; free some space, or write to another disk" if full else error)
        return 1
    except (KeyboardInterrupt, ImportError) as error:
        # What is written in C makes an ImportError of a Ctrl-C while it is imported.
        if KeyboardInterrupt not in (type(error), type(error.__cause__)):
            raise
        print("pocketlens: interrupted", file=sys.stderr)
        return 130
    except RuntimeError as error:
        if str(error) != "can't start new thread":
            raise
        print_error("the system allows no more threads (ulimit -u, docker --pids-limit)")
        return 1

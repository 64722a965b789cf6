"""`pocketlens teach`."""

from __future__ import annotations

import argparse
import shlex
import time
from pathlib import Path

from pocketlens.cli.arguments import add_exclude_list, add_groups, seed
from pocketlens.cli.figures import print_figures
from pocketlens.confusion import lowest_recall
from pocketlens.errors import SettingError
from pocketlens.extras import requires_extra
from pocketlens.learning.class_weights import AUTO, CLASS_WEIGHTS
from pocketlens.metadata import Metadata
from pocketlens.names import cut, printable
from pocketlens_export.cli import add_about

LIBRARIES = ("onnx", "sklearn", "scipy", "threadpoolctl")
_SEED = 42


def configure(parser: argparse.ArgumentParser) -> None:
    """Learn the classes of a folder in seconds, without TensorFlow: a head on frozen features."""
    parser.epilog = (
        "With --add the folder may hold one class or several, known or new ones.\n\n"
        "Example: pocketlens teach cups --out cups.onnx\n"
        "         pocketlens teach --add more-cups cups.onnx --out cups-2.onnx"
    )
    parser.add_argument(
        "source",
        type=Path,
        metavar="FOLDER",
        help="sub-folders are the classes; with --add: the taught .onnx file to add to",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.onnx", help="the result")
    parser.add_argument(
        "--add", type=Path, metavar="FOLDER", help="pictures to add to a file that was taught"
    )
    parser.add_argument(
        "--class-weights",
        choices=CLASS_WEIGHTS,
        help="balanced: all classes count alike; none: all pictures do; auto: half-way "
        f"(default: {AUTO}, with --add the file's)",
    )
    parser.add_argument(
        "--seed",
        type=seed,
        metavar="N",
        help=f"same seed, same folds (default: {_SEED}, with --add the file's)",
    )
    add_groups(parser)
    add_exclude_list(parser)
    parser.add_argument(
        "--keep-repeats",
        action="store_true",
        help="test also on pictures that nearly repeat one to learn from",
    )
    add_about(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Teaches and says how good it is; see configure()."""
    begun = time.monotonic()
    with requires_extra("cpu", "onnxruntime"), requires_extra("teach", *LIBRARIES):
        from pocketlens_export.teach.addition import add
        from pocketlens_export.teach.settings import Settings
        from pocketlens_export.teach.teach import teach
    if arguments.add:
        for name in ("class_weights", "seed", "about"):
            if getattr(arguments, name) is not None:
                flag = f"--{name.replace('_', '-')}"
                raise SettingError(f"{flag}: with --add the file's own holds; leave {flag} out")
    settings = Settings(
        groups=arguments.groups,
        class_weights=arguments.class_weights or AUTO,
        seed=_SEED if arguments.seed is None else arguments.seed,
        keep_repeats=arguments.keep_repeats,
        about=arguments.about,
        exclude_list=arguments.exclude_list,
    )
    command = _command(arguments)
    if arguments.add:
        metadata = add(arguments.add, arguments.source, arguments.out, settings, command)
    else:
        metadata = teach(arguments.source, arguments.out, settings, command)
    _print_end(metadata, arguments.out, time.monotonic() - begun)
    return 0


def _command(arguments: argparse.Namespace) -> str:
    """The command line that makes the file again, with paths by their last name."""
    words = ["pocketlens", "teach"]
    words += ["--add", arguments.add.resolve().name] if arguments.add else []
    words.append(arguments.source.resolve().name)
    for name in ("groups", "class_weights", "seed"):
        if (value := getattr(arguments, name)) is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    words += ["--keep-repeats"] if arguments.keep_repeats else []
    for name in ("about", "exclude_list"):
        if file := getattr(arguments, name):
            words += [f"--{name.replace('_', '-')}", file.resolve().name]
    return shlex.join([*words, "--out", arguments.out.resolve().name])


def _print_end(metadata: Metadata, out: Path, seconds: float) -> None:
    print_figures(metadata)
    if metadata.metrics:
        worst = lowest_recall(metadata.labels, metadata.metrics.confusion_matrix, 1)[0]
        right = round(worst.recall * worst.pictures)
        name = printable(cut(worst.label))
        print(f"weakest class: {name}, right for {right} of {worst.pictures}")
        print(f"calibration error: {metadata.metrics.calibration_error:.2%}")
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB, in {seconds:.1f} s")
    if metadata.metrics:
        print(f"right for {metadata.accuracy_text()}, each by a head that had not seen it")
    else:
        print("no figure: expected two or more pictures of a class that do not belong together")
    print(f"next: pocketlens predict PHOTO --model {out}")

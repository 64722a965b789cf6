"""`pocketlens train`."""

from __future__ import annotations

import argparse
import math
import os
import re
from pathlib import Path

from pocketlens.cli.arguments import (
    add_exclude_list,
    add_groups,
    fraction,
    positive_float,
    positive_int,
    seed,
)
from pocketlens.cli.figures import print_figures
from pocketlens.errors import PocketLensError, SettingError
from pocketlens.extras import requires_extra
from pocketlens.learning.class_weights import AUTO, CLASS_WEIGHTS
from pocketlens.pictures.cutting import CENTER, CROP_MODES, EXPECTED_REGION, Region, is_region
from pocketlens.pictures.depth import DEPTHS, HIGH_BITS
from pocketlens.tools.tensorflow_needs import check_tensorflow_needs
from pocketlens_train import architectures
from pocketlens_train.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Train a classifier on a folder with one sub-folder of pictures for each class."""
    parser.epilog = "Example: pocketlens train PetImages --out runs/pets --epochs 5"
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="sub-folders are the classes")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="folder for model, record and plots"
    )
    _add_network(parser.add_argument_group("network and training"))
    _add_pictures(parser.add_argument_group("pictures"))
    _add_test(parser.add_argument_group("test"))
    parser.add_argument(
        "--resume", action="store_true", help="go on with a training that was cut short, if any"
    )
    parser.set_defaults(run=run)


def _add_network(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--arch",
        choices=architectures.names(),
        help="network: lite0, the most accurate; edge, a third of its size; tutorial, for "
        "comparison (default: lite0, with --teacher edge)",
    )
    group.add_argument(
        "--input-size",
        type=_size,
        metavar="SIZE",
        help="pixels at the network's input: 100 or 96x128, height first (default: the network's)",
    )
    group.add_argument("--color-mode", choices=("grayscale", "rgb"), help="default: the network's")
    for flag, kind, text in (
        ("--epochs", positive_int, "passes over the training pictures"),
        ("--batch-size", positive_int, "pictures a step"),
        ("--learning-rate", positive_float, "the highest one"),
    ):
        group.add_argument(flag, type=kind, metavar="N", help=f"{text} (default: the network's)")
    group.add_argument(
        "--teacher", type=Path, metavar="RUN", help="a finished run of a larger network to imitate"
    )
    group.add_argument(
        "--unlabelled",
        type=Path,
        metavar="FOLDER",
        help="pictures without labels, in any sub-folders, on which the teacher's answers are "
        "learnt too",
    )


def _add_pictures(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--depth",
        choices=DEPTHS,
        default=HIGH_BITS,
        help="of pictures of 16 bits take the 8 high bits, or stretch each one's own range "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--crop-mode",
        choices=CROP_MODES,
        default=CENTER,
        help="of pictures of another aspect ratio than the network's input, take all, squashed "
        "or with black bars, or the middle (default: %(default)s)",
    )
    group.add_argument(
        "--region",
        type=_region,
        metavar="X,Y,W,H",
        help="of a fixed camera's pictures take this part: left, top, width and height as shares "
        "of the picture, such as 0.25,0.5,0.5,0.5",
    )
    group.add_argument(
        "--class-weights",
        choices=CLASS_WEIGHTS,
        default=AUTO,
        help="balanced: all classes count alike; none: all pictures do; auto: half-way "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--seed", type=seed, default=42, metavar="N", help="same seed, same folds (default: 42)"
    )
    group.add_argument(
        "--outliers", type=Path, metavar="FOLDER", help="pictures of no class, to be told apart"
    )
    add_exclude_list(group)


def _add_test(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--test", type=Path, metavar="FOLDER", help="test pictures in the same layout"
    )
    group.add_argument(
        "--validation",
        type=Path,
        metavar="FOLDER",
        help="validation pictures in the same layout: they choose the network that is kept",
    )
    group.add_argument(
        "--folds",
        type=positive_int,
        metavar="N",
        help="test each picture once, by a network that has not learnt from its fold; 1 holds a "
        "part out instead (default: 5, 3 or 1 by the number of pictures)",
    )
    add_groups(group)
    for flag, kind, text in (
        ("--test-split", fraction, "without folds: share kept for the test (default: 0.3)"),
        ("--validation-split", fraction, "and share of the rest watched (default: 0.1)"),
    ):
        group.add_argument(flag, type=kind, metavar="N", help=text)
    group.add_argument(
        "--keep-repeats",
        action="store_true",
        help="test also on pictures that nearly repeat one to train",
    )


def run(arguments: argparse.Namespace) -> int:
    """Trains and says how good it is; see configure()."""
    check_tensorflow_needs()
    try:
        with requires_extra("train", "keras", "tensorflow", "sklearn", "matplotlib", "tqdm"):
            from pocketlens_train.train import train
    except (ModuleNotFoundError, ValueError) as error:
        backend = os.environ.get("KERAS_BACKEND")
        if isinstance(error, PocketLensError) or backend is None:
            raise
        raise SettingError(f"Keras cannot start with KERAS_BACKEND={backend} ({error})") from error
    arguments.arch = arguments.arch or ("edge" if arguments.teacher else "lite0")
    metadata = train(
        arguments.folder,
        arguments.out,
        Settings(**{name: getattr(arguments, name) for name in Settings.__annotations__}),
    )
    print(f"right for {metadata.accuracy_text()}; run in {arguments.out}")
    print_figures(metadata)
    print(f"next: pocketlens export {arguments.out} --out {arguments.out.name}.onnx")
    return 0


def _region(text: str) -> Region:
    try:
        x, y, width, height = map(float, text.split(","))
    except ValueError:
        x = y = width = height = math.nan
    if not is_region((x, y, width, height)):
        raise argparse.ArgumentTypeError(f"got {text!r}, expected {EXPECTED_REGION}")
    return x, y, width, height


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d{0,3})(?:x([1-9]\d{0,3}))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(
            f"got {text!r}, expected pixels, 1 to 4096, such as 100 or 96x128"
        )
    height = int(match[1])
    return height, int(match[2] or height)

"""How many twins and how many swapped labels `pocketlens check` finds.

    python tests/benchmarks/check_quality.py twins FOLDER [--pictures 1000] [--changed 200]
    python tests/benchmarks/check_quality.py labels FOLDER [--pictures 6000] [--changed 100]
        [--first 150]

Twins are of five kinds, `changed` of each, and are put among the pictures one kind at a time.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pocketlens.checking.check import check_folder
from pocketlens.checking.findings import ACROSS_CLASSES, NEAR_DUPLICATE, SUSPECTED, Finding
from pocketlens.pictures.decoding import decode

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.planted_faults import TWINS, chosen_pictures


def copy_pictures(arguments: argparse.Namespace, top: Path, rng: np.random.Generator) -> list[Path]:
    """Puts pictures into a folder, and gives them in some order."""
    files = []
    for number, (label, file) in enumerate(
        chosen_pictures([arguments.folder], arguments.pictures, rng)
    ):
        files.append(top / label / f"{number:05}.jpg")
        files[-1].parent.mkdir(exist_ok=True)
        shutil.copyfile(file, files[-1])
    rng.shuffle(files)
    return files


def found_in(top: Path, *kinds: str) -> list[Finding]:
    """What is found of some kinds."""
    result = check_folder(top, lambda results, total: results)
    return [each for each in result.found if each.kind in kinds]


def twins(arguments: argparse.Namespace) -> None:
    """Prints for each kind of twin how many are found, and how many other pictures are named."""
    rng = np.random.default_rng(arguments.seed)
    with TemporaryDirectory() as folder:
        files = copy_pictures(arguments, Path(folder), rng)
        for kind, change in TWINS.items():
            made = {}
            for file in files[: arguments.changed]:
                twin = file.with_name(f"zz-{file.name}")
                twin.write_bytes(change(decode(file)))
                made[twin.relative_to(folder).as_posix()] = file.relative_to(folder).as_posix()
            found = found_in(Path(folder), NEAR_DUPLICATE, ACROSS_CLASSES)
            right = sum(made.get(each.file) in each.others for each in found)
            others = len({each.file for each in found} - set(made))
            print(f"{kind:<14} found {right} of {len(made)}, others named {others} of {len(files)}")
            for name in made:
                (Path(folder) / name).unlink()


def labels(arguments: argparse.Namespace) -> None:
    """Prints how many of the labels that were swapped are among the first that are suspected."""
    rng = np.random.default_rng(arguments.seed)
    with TemporaryDirectory() as folder:
        files = copy_pictures(arguments, Path(folder), rng)
        classes = sorted(each.name for each in Path(folder).iterdir())
        swapped = set()
        for file in files[: arguments.changed]:
            label = rng.choice([each for each in classes if each != file.parent.name])
            moved = file.rename(Path(folder) / label / file.name)
            swapped.add(moved.relative_to(folder).as_posix())
        named = [each.file for each in found_in(Path(folder), SUSPECTED)]
        first = swapped & set(named[: arguments.first])
        print(
            f"{len(first)} of {len(swapped)} among the first {arguments.first} of {len(named)} "
            f"suspected of {len(files)}"
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("twins", "labels"))
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--changed", type=int, default=200)
    parser.add_argument("--first", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    (twins if arguments.what == "twins" else labels)(arguments)


if __name__ == "__main__":
    main()

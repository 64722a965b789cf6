"""How many planted faults `pocketlens check` finds, and how many sound pictures it names.

    python tests/benchmarks/planted_faults.py FOLDER [FOLDER ...] [--pictures 1500]
        [--strange FOLDER] [--seed 0]

Takes pictures of all classes of the folders evenly, splits them into train and test, plants 60
faults of 16 kinds, and prints a table.
"""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from pocketlens.checking import findings
from pocketlens.checking.check import check_folder
from pocketlens.errors import ImageError
from pocketlens.pictures.decoding import decode

_COUNTS = {
    kind: 3 if kind in ("turned", "suffix", "blank", "tiny") else 4 for kind in findings.TITLES
}
_DOUBTED = {findings.UNLIKE, findings.SUSPECTED}
_ORIENTED = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0%c\0\0\0\0\0\0\0"


def jpeg(pixels: Any, quality: int = 90) -> bytes:
    """An RGB picture as a file."""
    bgr = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def cropped(pixels: Any, share: float) -> Any:
    """Without so much of each side."""
    height, width = pixels.shape[:2]
    y, x = round(height * share), round(width * share)
    return pixels[y : height - y, x : width - x]


TWINS: dict[str, Callable[[Any], bytes]] = {
    "recompressed": lambda pixels: jpeg(pixels, 40),
    "cropped 2 %": lambda pixels: jpeg(cropped(pixels, 0.02)),
    "cropped 5 %": lambda pixels: jpeg(cropped(pixels, 0.05)),
    "mirrored": lambda pixels: jpeg(pixels[:, ::-1]),
    "darkened": lambda pixels: jpeg((pixels * 0.6).astype(np.uint8)),
}


def chosen_pictures(
    folders: list[Path], count: int, rng: np.random.Generator
) -> Iterator[tuple[str, Path]]:
    """Yields (class, picture), as many of each class while there are any."""
    classes = {
        each.name: [file for file in sorted(each.iterdir()) if is_picture(file)]
        for folder in folders
        for each in sorted(folder.iterdir())
    }
    for left, (label, files) in enumerate(sorted(classes.items(), key=lambda item: len(item[1]))):
        share = min(len(files), count // (len(classes) - left))
        count -= share
        for place in rng.choice(len(files), share, replace=False):
            yield label, files[place]


def is_picture(file: Path) -> bool:
    """Whether it can be read."""
    try:
        decode(file)
    except (ImageError, OSError):
        return False
    return True


class Planter:
    """Changes and adds files, and keeps what it did by file."""

    def __init__(self, folder: Path, strange: list[Path], rng: np.random.Generator) -> None:
        self.folder, self.strange, self.rng = folder, strange, rng
        self.files = sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*.jpg"))
        self.labels = sorted({file.split("/")[1] for file in self.files})
        rng.shuffle(self.files)
        self.planted: dict[str, str] = {}
        self.touched: set[str] = set()

    def plant_all(self) -> None:
        for kind, count in _COUNTS.items():
            for number in range(count):
                source = self._take(lambda file: file.startswith("train/"))
                self.planted[self._plant(kind, number, source)] = kind

    def _take(self, fits: Callable[[str], bool]) -> str:
        file = next(each for each in self.files if fits(each) and each not in self.touched)
        self.touched.add(file)
        return file

    def _plant(self, kind: str, number: int, source: str) -> str:
        plant: Callable[[str, int], str] | None = getattr(self, f"_{kind.replace('-', '_')}", None)
        if plant:
            return plant(source, number)
        pixels = decode(self.folder / source)
        change: dict[str, Callable[[], Any]] = {
            "blank": lambda: np.full_like(pixels, (0, 128, 255)[number]),
            "dark": lambda: pixels * 0.15,
            "overexposed": lambda: pixels * 0.8 + 170.0,
            "blurred": lambda: cv2.GaussianBlur(pixels, (0, 0), max(pixels.shape) / 60),
            "tiny": lambda: cv2.resize(pixels, (24, 18 + number), interpolation=cv2.INTER_AREA),
            "extreme-ratio": lambda: pixels[: max(1, pixels.shape[1] // (5 + number))],
        }
        changed = change[kind]()
        (self.folder / source).write_bytes(jpeg(np.clip(changed, 0, 255).astype(np.uint8)))
        return source

    def _write(self, file: str, content: bytes) -> str:
        (self.folder / file).write_bytes(content)
        return file

    def _beside(self, source: str, content: bytes, *, part: str = "", label: str = "") -> str:
        """A new file that sorts after those that are there."""
        parts = source.split("/")
        name = f"{part or parts[0]}/{label or parts[1]}/zz{len(self.planted)}-{parts[2]}"
        return self._write(name, content)

    def _other(self, source: str) -> str:
        return str(self.rng.choice([each for each in self.labels if each != source.split("/")[1]]))

    def _unreadable(self, source: str, number: int) -> str:
        data = (self.folder / source).read_bytes()
        half = data[: len(data) // 2]
        return self._write(
            source, (b"", half, b"no picture at all", b"\xff\xd8\xff" + half)[number]
        )

    def _suffix(self, source: str, number: int) -> str:
        pixels = decode(self.folder / source)[..., ::-1]
        kind = (".png", ".webp", ".bmp")[number]
        return self._write(source, cv2.imencode(kind, pixels)[1].tobytes())

    def _turned(self, source: str, number: int) -> str:
        data = (self.folder / source).read_bytes()
        return self._write(source, data[:2] + _ORIENTED % (3, 6, 8)[number] + data[2:])

    def _low_range_16_bit(self, source: str, number: int) -> str:
        (self.folder / source).unlink()
        deep = decode(self.folder / self._take(lambda file: True)).astype(np.uint16) << 4
        return self._write(f"{source[:-4]}.png", cv2.imencode(".png", deep)[1].tobytes())

    def _exact_duplicate(self, source: str, number: int) -> str:
        return self._beside(source, (self.folder / source).read_bytes())

    def _twin(self, source: str, number: int) -> bytes:
        return list(TWINS.values())[number](decode(self.folder / source))

    def _near_duplicate(self, source: str, number: int) -> str:
        return self._beside(source, self._twin(source, number))

    def _across_classes(self, source: str, number: int) -> str:
        return self._beside(source, self._twin(source, number), label=self._other(source))

    def _across_splits(self, source: str, number: int) -> str:
        return self._beside(source, self._twin(source, number + 1), part="test")

    def _suspected_label(self, source: str, number: int) -> str:
        moved = self._beside(source, (self.folder / source).read_bytes(), label=self._other(source))
        (self.folder / source).unlink()
        return moved

    def _unlike_its_class(self, source: str, number: int) -> str:
        if self.strange:
            file = self.strange[int(self.rng.integers(len(self.strange)))]
            return self._write(source, jpeg(decode(file)))
        pixels = self.rng.integers(0, 256, (6, 6, 3), np.uint8)
        return self._write(
            source, jpeg(cv2.resize(pixels, (200, 200), interpolation=cv2.INTER_NEAREST))
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--pictures", type=int, default=1500)
    parser.add_argument("--strange", type=Path, help="pictures of none of the classes")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    strange = sorted(arguments.strange.rglob("*.jpg")) if arguments.strange else []
    with TemporaryDirectory() as folder:
        top = Path(folder)
        for number, (label, file) in enumerate(
            chosen_pictures(arguments.folders, arguments.pictures, rng)
        ):
            own = top / ("test" if number % 5 == 0 else "train") / label
            own.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, own / f"{number:05}.jpg")
        planter = Planter(top, strange, rng)
        planter.plant_all()
        report(planter, check_folder(top, lambda results, total: results))


def report(planter: Planter, result: findings.Findings) -> None:
    """Prints the table."""
    named: dict[str, set[str]] = {}
    sure: Counter[str] = Counter()
    look: Counter[str] = Counter()
    for each in result.found:
        # Either of two classes may be the wrong one.
        both = each.others if each.kind == findings.ACROSS_CLASSES else ()
        for file in (each.file, *both):
            named.setdefault(file, set()).add(each.kind)
    sound = {file for file in named if file not in planter.planted} - planter.touched
    for each in result.found:
        if each.file in sound:
            (look if each.look_at else sure)[each.kind] += 1
    found = Counter(
        kind
        for file, kind in planter.planted.items()
        if named.get(file, set()) & (_DOUBTED if kind in _DOUBTED else {kind})
    )
    print(f"{'kind':<20}{'planted':>8}{'found':>8}{'sound named':>13}{'look at':>9}")
    for kind, count in _COUNTS.items():
        print(f"{kind:<20}{count:>8}{found[kind]:>8}{sure[kind]:>13}{look[kind]:>9}")
    files = {each.file for each in result.found if not each.look_at and each.file in sound}
    print(
        f"found {found.total()} of {sum(_COUNTS.values())}; {len(files)} of {result.pictures} "
        f"pictures ({len(files) / result.pictures:.2%}) are sound and named but as 'look at'"
    )
    for file, kind in planter.planted.items():
        if not named.get(file, set()) & (_DOUBTED if kind in _DOUBTED else {kind}):
            print(f"missed: {file}: {kind}, named {sorted(named.get(file, ()))}")
    for note in result.notes:
        print("note:", note)


if __name__ == "__main__":
    main()

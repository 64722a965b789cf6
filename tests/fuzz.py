"""Damaged pictures through predict(): every one an answer or an ImageError, within limits.

    python tests/fuzz.py --cases 200000 [--seed 0] [--keep FOLDER] [--extra]

Each case is a picture of one format, damaged by a seeded mutator that knows a little of the format:
whole chunks, boxes and segments are repeated, dropped, moved and borrowed from others; checksums of
PNG chunks are put right again in half of the cases, so that the damage is let in. The work is done
in a child process, whose crash or death by memory limit is a finding like any other. With --extra
the pictures are of the kinds that only the extra `formats` reads. Needs Pillow.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import resource
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from PIL import Image

import pocketlens
from odd import avif, bmp
from pocketlens.errors import ImageError

DATA = Path(__file__).parent / "data"
SLOWEST = 2.0
"""Seconds for a picture of at most four megapixels."""
MOST_MEMORY = 1_500_000_000
"""Bytes of address space, above those taken when the model is loaded."""
LIMITS = {"max_pixels": 4_000_000, "max_bytes": 10_000_000}
_INTERESTING = (0, 1, 2, 3, 4, 8, 16, 127, 128, 255, 256, 4095, 65500, 65535, 2**31 - 1, 2**32 - 1)


def picture() -> tuple[Image.Image, Image.Image]:
    """A small picture, and the same that fades away."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), np.uint8))
    rgb = coarse.resize((61, 47), Image.Resampling.BICUBIC)
    rgba = rgb.copy()
    rgba.putalpha(Image.linear_gradient("L").resize(rgb.size))
    return rgb, rgba


def save(image: Image.Image, form: str, **options: object) -> bytes:
    """The bytes of a picture file."""
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


@cache
def originals() -> dict[str, bytes]:
    """Small pictures of every format and kind, among them one with EXIF."""
    rgb, rgba = picture()
    palette, grey = rgb.quantize(32), rgb.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    moved = [rgba.rotate(90)]
    return {
        "jpeg": save(rgb, "JPEG", exif=exif.tobytes()),
        "jpeg progressive": save(rgb, "JPEG", progressive=True),
        "jpeg grey": save(grey, "JPEG"),
        "jpeg cmyk": save(rgb.convert("CMYK"), "JPEG"),
        "jpeg large": save(rgb.resize((1700, 1300)), "JPEG"),
        "png": save(rgb, "PNG", exif=exif.tobytes()),
        "png alpha": save(rgba, "PNG"),
        "png palette": save(palette, "PNG", transparency=3),
        "png deep": save(deep, "PNG"),
        "png animated": save(rgba, "PNG", save_all=True, append_images=moved),
        "webp": save(rgb, "WEBP", exif=exif.tobytes()),
        "webp lossless": save(rgba, "WEBP", lossless=True),
        "webp animated": save(rgba, "WEBP", save_all=True, append_images=moved),
        "avif": save(rgba, "AVIF", exif=exif.tobytes()),
        "avif animated": save(rgb, "AVIF", save_all=True, append_images=[rgb.rotate(90)]),
        "avif in pieces": avif.FILES["two pieces in idat"],
        "avif of tiles": avif.FILES["grid turned"],
        "tiff": save(rgb, "TIFF", compression="tiff_lzw"),
        "tiff jpeg": save(rgb, "TIFF", compression="jpeg"),
        "tiff alpha": save(rgba, "TIFF"),
        "tiff deep": save(deep, "TIFF"),
        "tiff bilevel": save(grey.convert("1"), "TIFF", compression="group4"),
        "bmp": save(rgb, "BMP"),
        "bmp palette": save(palette, "BMP"),
        "bmp masks": bmp.FILES["565, header of 124"],
        "pgm": save(grey, "PPM"),
        "pgm deep": save(deep, "PPM"),
        "ppm": save(rgb, "PPM"),
        "ppm text": b"P3 # text\n61 47\n99\n" + b"7 88 99 " * (61 * 47),
        "pbm": save(grey.convert("1"), "PPM"),
        "gif": save(palette, "GIF", transparency=3),
        "gif animated": save(palette, "GIF", save_all=True, append_images=[palette.rotate(90)]),
    }


def originals_of_the_extra() -> dict[str, bytes]:
    """Small pictures of kinds that only the extra reads; no PSD is written by Pillow."""
    rgb, rgba = picture()
    palette, grey = rgb.quantize(32), rgb.convert("L")
    bitmap = save(rgba, "ICO", bitmap_format="bmp", sizes=[(16, 16), (47, 47), (32, 32)])
    psd = b"8BPS" + struct.pack(">H6xHIIHH3IH", 1, 3, rgb.height, rgb.width, 8, 3, 0, 0, 0, 0)
    return {
        "heic": (DATA / "turned.heic").read_bytes(),
        "heic alpha": (DATA / "transparent.heic").read_bytes(),
        "jpeg 2000": save(rgb, "JPEG2000"),
        "jpeg 2000 alpha": save(rgba, "JPEG2000", tile_size=(32, 32)),
        "jpeg 2000 bare": save(grey, "JPEG2000", no_jp2=True),
        "tga": save(rgb, "TGA"),
        "tga alpha": save(rgba, "TGA", compression="tga_rle"),
        "tga grey": save(grey, "TGA"),
        "tga palette": save(palette, "TGA", compression="tga_rle"),
        "icon": save(rgba, "ICO", sizes=[(16, 16), (47, 47), (32, 32)]),
        "icon bitmap": bitmap,
        "cursor": b"\0\0\2\0" + bitmap[4:],
        "tiff grey alpha": save(rgba.convert("LA"), "TIFF"),
        "tiff lab": save(rgb.convert("LAB"), "TIFF"),
        "tiff zstd": save(rgb, "TIFF", compression="zstd"),
        "tiff float": save(grey.convert("F"), "TIFF"),
        "pcx": save(rgb, "PCX"),
        "pcx palette": save(palette, "PCX"),
        "sgi": save(rgb, "SGI"),
        "psd": psd + np.asarray(rgb).transpose(2, 0, 1).tobytes(),
    }


def mutate(data: bytes, others: list[bytes], random: np.random.Generator) -> bytes:
    """Damages a picture in one to four places."""
    mutant = bytearray(data)
    for _ in range(int(random.integers(1, 5))):
        size = len(mutant)
        # Headers decide most: half of the damage is done there.
        reach = size if random.random() < 0.5 else min(size, 200)
        place = int(random.integers(0, max(reach, 1)))
        match int(random.integers(0, 9)):
            case 0:
                mutant[place : place + 1] = bytes([int(random.integers(0, 256))])
            case 1:
                flipped = mutant[place] ^ 1 << int(random.integers(0, 8)) if size else 0
                mutant[place : place + 1] = bytes([flipped])
            case 2:
                value = _INTERESTING[int(random.integers(0, len(_INTERESTING)))]
                form = (">I", "<I", ">H", "<H")[int(random.integers(0, 4))]
                width = struct.calcsize(form)
                mutant[place : place + width] = struct.pack(form, value % 256**width)
            case 3:
                del mutant[place : place + int(random.integers(1, 40))]
            case 4:
                mutant[place:place] = random.bytes(int(random.integers(1, 40)))
            case 5:
                del mutant[place:]
            case 6:
                piece = mutant[place : place + int(random.integers(1, 100))]
                other = int(random.integers(0, size + 1))
                mutant[other:other] = piece
            case 7:
                source = others[int(random.integers(0, len(others)))]
                start = int(random.integers(0, len(source)))
                mutant[place : place + 50] = source[start : start + 50]
            case 8:
                mutant[place : place + 8] = bytes(8)
    return _with_checksums(bytes(mutant)) if random.random() < 0.5 else bytes(mutant)


def _parts(data: bytes) -> list[bytes]:
    """The file's beginning and its chunks, boxes or segments; one part where it has none."""
    if data.startswith(b"\x89PNG"):
        position, length_at, form, around = 8, 0, ">I", 12
    elif data.startswith(b"RIFF"):
        position, length_at, form, around = 12, 4, "<I", 8
    elif data[4:8] == b"ftyp":
        position, length_at, form, around = 0, 0, ">I", 0
    elif data.startswith(b"\xff\xd8"):
        position, length_at, form, around = 2, 2, ">H", 2
    else:
        return [data]
    parts = [data[:position]]
    while position + length_at + struct.calcsize(form) <= len(data):
        (length,) = struct.unpack_from(form, data, position + length_at)
        end = position + max(length + around, 2)
        # Boxes of boxes are taken apart too: after their own heads.
        if data[position + 4 : position + 8] in (b"meta", b"iprp", b"ipco"):
            end = position + (12 if data[position + 4 : position + 8] == b"meta" else 8)
        if data.startswith(b"\xff\xda", position):
            end = len(data)
        parts.append(data[position:end])
        position = end
    return [*parts, data[position:]]


def rearrange(data: bytes, others: list[bytes], random: np.random.Generator) -> bytes:
    """Repeats, drops, moves or borrows whole parts of a file."""
    parts = _parts(data)
    for _ in range(int(random.integers(1, 4))):
        place, other = (int(random.integers(1, len(parts) + 1)) for _ in range(2))
        piece = parts[other - 1]
        match int(random.integers(0, 4)):
            case 0:
                parts[place:place] = [piece] * int(random.choice((1, 2, 300)))
            case 1:
                del parts[place : place + 1]
            case 2:
                parts.insert(place, parts.pop(other - 1))
            case 3:
                foreign = _parts(others[int(random.integers(0, len(others)))])
                parts.insert(place, foreign[int(random.integers(0, len(foreign)))])
        parts = parts or [b""]
    return b"".join(parts)


def _with_checksums(data: bytes) -> bytes:
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    fixed, position = bytearray(data), 8
    while position + 12 <= len(fixed):
        (length,) = struct.unpack_from(">I", fixed, position)
        end = position + 8 + length
        if end + 4 > len(fixed):
            break
        struct.pack_into(">I", fixed, end, crc32(fixed[position + 4 : end]))
        position = end + 4
    return bytes(fixed)


def cases(start: int, stop: int, seed: int, extra: bool) -> Iterator[tuple[str, bytes]]:
    """The damaged pictures of these numbers; the same seed and number give the same one."""
    pictures = originals_of_the_extra() if extra else originals()
    names, others = list(pictures), list(pictures.values())
    for number in range(start, stop):
        random = np.random.default_rng((seed, number))
        name = names[number % len(names)]
        data = pictures[name]
        way = random.random()
        if way < 0.4:
            data = rearrange(data, others, random)
        yield name, data if way < 0.2 else mutate(data, others, random)


def run_case(model: pocketlens.Classifier, data: bytes) -> tuple[str, float]:
    """ "answer", "refused", or what should not have happened; and the seconds."""
    start = time.perf_counter()
    try:
        scores = model.predict(data).scores.values()
        outcome = "answer" if abs(sum(scores) - 1) < 1e-3 else f"scores {list(scores)}"
    except ImageError as error:
        outcome = "refused" if "\n" not in str(error) else f"message {error}"
    except BaseException as error:
        outcome = f"raised {error!r}"
    seconds = time.perf_counter() - start
    return outcome if seconds < SLOWEST else f"took {seconds:.1f} s, then {outcome}", seconds


def _work(
    start: int,
    stop: int,
    seed: int,
    extra: bool,
    results: multiprocessing.Queue[tuple[int, str, float]],
) -> None:
    # The decoders' own complaints, of which there are many.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    model = pocketlens.load_model(intra_op_num_threads=1, **LIMITS)  # type: ignore[arg-type]
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MOST_MEMORY, taken + MOST_MEMORY))
    for number, (_, data) in enumerate(cases(start, stop, seed, extra), start):
        results.put((number, *run_case(model, data)))


def fuzz(start: int, stop: int, seed: int, extra: bool) -> Iterator[tuple[int, str, float]]:
    """Yields (number, outcome, seconds) of each case; goes on in a new child where one has died."""
    context = multiprocessing.get_context("spawn")
    while start < stop:
        results = context.Queue()
        child = context.Process(target=_work, args=(start, stop, seed, extra, results), daemon=True)
        child.start()
        while start < stop:
            try:
                number, outcome, seconds = results.get(timeout=60 if child.is_alive() else 1)
            except Exception:
                # One that hangs counts like one that died.
                child.kill()
                child.join()
                yield start, f"ended the process ({child.exitcode})", 0.0
                start += 1
                break
            yield number, outcome, seconds
            start = number + 1
    return


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for the pictures that are findings")
    parser.add_argument("--extra", action="store_true", help="kinds of the extra `formats`")
    arguments = parser.parse_args()
    extra = arguments.extra
    names = list(originals_of_the_extra() if extra else originals())
    counts: Counter[str] = Counter()
    slowest = 0.0
    stop = arguments.first + arguments.cases
    for number, outcome, seconds in fuzz(arguments.first, stop, arguments.seed, extra):
        slowest = max(slowest, seconds)
        counts[outcome if outcome in ("answer", "refused") else "FINDING"] += 1
        if outcome not in ("answer", "refused"):
            print(f"case {number} ({names[number % len(names)]}): {outcome}", flush=True)
            if arguments.keep:
                _, data = next(cases(number, number + 1, arguments.seed, extra))
                (arguments.keep / f"{number}.bin").write_bytes(data)
        if number % 20_000 == 0:
            print(f"{number:,}: {dict(counts)}", file=sys.stderr, flush=True)
    found = f"{dict(counts)}, slowest {slowest:.1f} s"
    print(f"{arguments.cases:,} cases, seed {arguments.seed}: {found}")
    return 1 if counts["FINDING"] else 0


if __name__ == "__main__":
    sys.exit(main())

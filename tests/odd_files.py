"""Odd picture files: what Pillow, Chromium and this project show of each.

    python tests/odd_files.py [--record]

Prints the table; --record also writes down what Chromium shows, which the tests compare with.
Needs Pillow, Playwright and Chromium.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from odd import avif, bmp, gif, jpeg, png, webp
from odd.shown import NOTHING, by_chromium, by_pillow, by_pocketlens

FILES = {
    f"{module.__name__.removeprefix('odd.')}: {name}": data
    for module in (jpeg, png, webp, gif, bmp, avif)
    for name, data in module.FILES.items()
}
RECORD = Path(__file__).parent / "odd" / "chromium.tsv"
LEFT_TO_OTHERS = (
    "gif: bytes after the end code",
    "gif: codes after the picture",
    "avif: grid turned, mirrored",
)
"""OpenCV 5.0 refuses them, and so does this project where no other decoder is installed."""


def recorded() -> dict[str, str]:
    """What Chromium shows of each file."""
    lines = RECORD.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    chromium = by_chromium(FILES)
    agreed = same = 0
    print(f"{'file':60} {'Pillow':14} {'Chromium':14} pocketlens")
    for name, data in FILES.items():
        pillow, own = by_pillow(data), by_pocketlens(data)
        is_agreed = pillow == chromium[name] != NOTHING
        agreed += is_agreed
        same += is_agreed and own == pillow
        mark = "" if not is_agreed else "same" if own == pillow else "DIFFERENT"
        print(f"{name:60} {pillow:14} {chromium[name]:14} {own:14} {mark}")
    print(
        f"{len(FILES)} files; Pillow and Chromium agree on {agreed}, pocketlens on {same} of them"
    )
    if arguments.record:
        lines = (f"{name}\t{shown}\n" for name, shown in chromium.items())
        RECORD.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()

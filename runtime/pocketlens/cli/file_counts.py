"""How many files were answered and why the others were not, for the end of `predict`."""

from __future__ import annotations

import re
import sys

from pocketlens.cli.printing import print_error
from pocketlens.errors import FormatError, PocketLensError
from pocketlens.names import counted, printable
from pocketlens.pictures.files import read_start
from pocketlens.pictures.folders import NON_PICTURE, PassedOver
from pocketlens.pictures.formats import FIRST_BYTES, picture_kind


class FileCounts:
    """Counts files.

    Attributes:
        answered: Files with an answer.
        failed: Files with an error of their own.
        passed: What the walk passed over, and what was refused.
    """

    def __init__(self) -> None:
        self.answered = self.failed = 0
        self.passed = PassedOver()
        self._refusals: dict[str, tuple[str, PassedOver]] = {}

    @property
    def refused(self) -> int:
        """Pictures of a format that is not decoded here."""
        return sum(pictures.count() for _, pictures in self._refusals.values())

    @property
    def files(self) -> int:
        """All files so far but hidden and system ones."""
        return self.answered + self.failed + self.refused + self.passed.count(NON_PICTURE)

    def refuse(self, photo: str, error: PocketLensError) -> bool:
        """Counts a picture of a format that is not decoded here; False: the error is another."""
        kind = _kind(photo) if isinstance(error, FormatError) else None
        if kind is None:
            return False
        self.passed.add(kind, photo)
        reason = str(error).removeprefix(f"{photo}: ")
        # Sizes in it differ from file to file.
        group = re.sub(r"\d[\d,]*", "0", reason)
        self._refusals.setdefault(group, (reason, PassedOver()))[1].add(kind, photo)
        return True

    def print_end(self) -> None:
        """Prints each reason for a refusal once, and the counts, where not all was answered."""
        for reason, pictures in self._refusals.values():
            print_error(f"{pictures}: {reason}")
        text = f"pocketlens: answered {self.answered:,} of {counted(self.files, 'file')}"
        if self.failed:
            text += f"; {self.failed:,} could not be read"
        if self.passed.count():
            text += f"; passed over: {self.passed}"
        if self.failed or self.passed.count():
            print(printable(text), file=sys.stderr)


def _kind(photo: str) -> str | None:
    try:
        return picture_kind(read_start(photo, FIRST_BYTES))
    except PocketLensError:
        return None

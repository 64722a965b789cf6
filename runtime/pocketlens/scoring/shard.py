"""Which job of several takes which picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pocketlens.errors import SettingError


@dataclass(frozen=True)
class Shard:
    """One of `count` jobs, each of which takes the pictures that their names give it.

    Jobs need not know of each other, and a picture that vanishes moves no other.
    """

    index: int = 0
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Reads "I/N".

        Raises:
            SettingError: It is not that, or I is not from 0 to N - 1.
        """
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
        if match is None or int(match[1]) >= int(match[2]):
            raise SettingError(f"got {text!r}, expected I/N with I from 0 to N - 1, such as 0/4")
        return cls(int(match[1]), int(match[2]))

    def takes(self, key: int) -> bool:
        """Whether a name with this key is this job's."""
        return key % self.count == self.index

    def __str__(self) -> str:
        """As in the names of files."""
        return f"{self.index}-of-{self.count}"

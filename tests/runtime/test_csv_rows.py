from __future__ import annotations

import csv
import io

import pytest

from pocketlens.csv_rows import write_row


def row(*cells: object) -> list[str]:
    stream = io.StringIO(newline="")
    write_row(stream, cells)
    return next(csv.reader(io.StringIO(stream.getvalue(), newline="")))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"])
def test_a_formula_is_only_shown(first: str) -> None:
    name = f"{first}cmd|' /C calc'!A0.jpg"
    assert row(name, f"x{name}") == [f"'{name}", f"x{name}"]


def test_other_cells_stay() -> None:
    cells = ("a=1.jpg", "-", "'quoted\"", "", -0.5, 3, None, True, False)
    assert row(*cells) == ["a=1.jpg", "-", "'quoted\"", "", "-0.5", "3", "", "true", "false"]

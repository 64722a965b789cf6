"""Rows of CSV that a spreadsheet shows as they are."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def write_row(stream: TextIO, cells: Iterable[object]) -> None:
    """Writes one row: texts in quotes, numbers bare, None as an empty text.

    A text that a spreadsheet would run as a formula, such as a file name `=cmd`, gets an
    apostrophe in front, as OWASP advises.

    Args:
        stream: Is written to.
        cells: Texts, numbers, True, False and None.
    """
    # Texts in quotes: a carriage return in a file's name would otherwise end the row.
    table = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    table.writerow([_cell(cell) for cell in cells])


def _cell(cell: object) -> object:
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else str(cell).lower()
    # A dash alone, standard input, is no formula.
    if isinstance(cell, str) and cell.startswith(_FORMULA) and cell != "-":
        return f"'{cell}"
    return cell

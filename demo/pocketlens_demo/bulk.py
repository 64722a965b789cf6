"""Many pictures -> predictions, on all cores, and rows of a table -> CSV."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pocketlens.classifier import Classifier
from pocketlens.csv_rows import write_row
from pocketlens.engine.cores import usable_cores
from pocketlens.engine.parallel import map_in_order
from pocketlens.errors import PocketLensError
from pocketlens.prediction import Prediction
from pocketlens_demo.zips import NamedPicture

COLUMNS = ("file", "answer", "label", "score", "rejected", "familiarity", "error")


def answers(
    model: Classifier, pictures: list[NamedPicture]
) -> Iterator[Prediction | PocketLensError]:
    """The prediction for each picture, in their order, or the error that it raises."""

    def answer(picture: NamedPicture) -> Prediction | PocketLensError:
        try:
            return model.predict(picture.read())
        except PocketLensError as error:
            return error

    return map_in_order(answer, pictures, usable_cores())


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """Rows of COLUMNS as CSV with a header, texts in quotes."""
    text = io.StringIO()
    write_row(text, COLUMNS)
    for row in rows:
        write_row(text, (row.get(column) for column in COLUMNS))
    return text.getvalue().encode("utf-8-sig")

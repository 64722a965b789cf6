"""The parts of an output folder: JSON lines or Parquet, each there whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from pocketlens.extras import requires_extra
from pocketlens.scoring import PARQUET
from pocketlens.scoring.whole_file import whole_file

Row: TypeAlias = dict[str, Any]
"""The keys of `predict --json`: an answer's, or "file" and "error"."""
_ROWS_IN_A_GROUP = 512


@contextmanager
def whole_part(
    file: Path, kind: str, labels: Sequence[str]
) -> Iterator[Callable[[list[Row]], object]]:
    """Gives a function that writes rows; the file takes its name at the end.

    Args:
        file: The part.
        kind: JSONL or PARQUET.
        labels: Of the model, in its order.

    Raises:
        FileError: It cannot be written.
        MissingExtraError: pyarrow is not installed.
    """
    with whole_file(file) as partial:
        if kind == PARQUET:
            with _parquet(partial, labels) as write:
                yield write
        else:
            with partial.open("wb") as stream:
                yield lambda rows: stream.writelines(map(_line, rows))


def _line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


@contextmanager
def _parquet(file: Path, labels: Sequence[str]) -> Iterator[Callable[[list[Row]], object]]:
    with requires_extra("ray", "pyarrow"):
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    text, number = pyarrow.string(), pyarrow.float64()
    columns = {
        "file": text,
        "label": text,
        "score": number,
        "scores": pyarrow.struct([(label, number) for label in labels]),
        "rejected": pyarrow.bool_(),
        "familiarity": number,
        "error": text,
    }
    schema = pyarrow.schema(columns.items())
    waiting: list[Row] = []

    def write(rows: list[Row]) -> None:
        waiting.extend(map(_valid, rows))
        if len(waiting) >= _ROWS_IN_A_GROUP:
            flush()

    def flush() -> None:
        if waiting:
            writer.write_table(pyarrow.Table.from_pylist(waiting, schema=schema))
            waiting.clear()

    with ParquetWriter(file, schema) as writer:
        yield write
        flush()


def _valid(row: Row) -> Row:
    """A name on the disk need not be UTF-8; a text in Parquet must."""
    return {
        key: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for key, value in row.items()
    }

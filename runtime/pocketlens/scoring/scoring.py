"""One job's pictures -> the parts that are not there yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from pocketlens.classifier import Classifier
from pocketlens.engine.parallel import map_in_order
from pocketlens.errors import PocketLensError
from pocketlens.scoring import PART_SIZE
from pocketlens.scoring.name_file import NameFile, make_name_file
from pocketlens.scoring.parts import Row, whole_part
from pocketlens.scoring.remote import is_uri, read_uri
from pocketlens.scoring.shard import Shard
from pocketlens.scoring.sources import Sources
from pocketlens.scoring.whole_file import remove_partial_files

_BATCH_SIZE = 8

Part: TypeAlias = tuple[int, int]
"""Its number, and where its names begin in the file of names."""


@dataclass(frozen=True)
class Scored:
    """A part that was written: its number, its pictures, and those that could not be read."""

    number: int
    pictures: int
    failed: int


class Job:
    """A shard of the pictures, a model, and the parts in the output folder.

    It may be pickled.

    Attributes:
        names: The names of its pictures.
    """

    def __init__(
        self, folder: Path, sources: Sources, model: Classifier, kind: str, shard: Shard
    ) -> None:
        """Finds the names of the pictures, where that was not done before.

        Args:
            folder: The output folder, which claim() has made.
            sources: The pictures of all shards.
            model: It answers.
            kind: JSONL or PARQUET.
            shard: Which pictures are this job's.

        Raises:
            PocketLensError: As make_name_file() does.
        """
        self._folder, self._sources, self._model = folder, sources, model
        self._kind, self._shard, self._part_size = kind, shard, PART_SIZE
        remove_partial_files(folder, f"part-{shard}-")
        file = folder / f"_files-{shard}.txt"
        if not file.exists():
            make_name_file(file, sources, shard)
        self.names = NameFile(file)

    def missing(self) -> Iterator[Part]:
        """Yields the parts that are not there."""
        for part in self.names.parts(self._part_size):
            if not self._file(part[0]).exists():
                yield part

    def score(self, parts: Iterable[Part], workers: int) -> Iterator[Scored]:
        """Answers parts and writes them, in constant memory.

        Args:
            parts: Of missing().
            workers: Threads.

        Yields:
            What was written, as soon as it is there.

        Raises:
            FileError: A part cannot be written.
            FileMissingError: A folder of pictures is gone.
        """
        answered = map_in_order(self._answer, self._batches(parts), workers)
        for number, batches in groupby(answered, key=lambda batch: batch[0]):
            pictures = failed = 0
            with whole_part(self._file(number), self._kind, self._model.labels) as write:
                for _, rows in batches:
                    pictures += len(rows)
                    failed += sum("error" in row for row in rows)
                    write(rows)
                if failed:
                    # Not each picture's fault.
                    self._sources.check()
            yield Scored(number, pictures, failed)

    def _file(self, number: int) -> Path:
        return self._folder / f"part-{self._shard}-{number:06}.{self._kind}"

    def _batches(self, parts: Iterable[Part]) -> Iterator[tuple[int, list[str]]]:
        for number, start in parts:
            names = self.names.read(start, self._part_size)
            for first in range(0, len(names), _BATCH_SIZE):
                yield number, names[first : first + _BATCH_SIZE]

    def _answer(self, batch: tuple[int, list[str]]) -> tuple[int, list[Row]]:
        number, names = batch
        images = [self._image(name) for name in names]
        answers = iter(
            self._model.predict_each(
                [image for image in images if not isinstance(image, PocketLensError)]
            )
        )
        rows: list[Row] = []
        for name, image in zip(names, images, strict=True):
            answer = image if isinstance(image, PocketLensError) else next(answers)
            if isinstance(answer, PocketLensError):
                where = f"{name}: " if isinstance(image, bytes) else ""
                rows.append({"file": name, "error": f"{where}{answer}"})
            else:
                rows.append({"file": name, **answer.to_dict(len(answer.scores))})
        return number, rows

    def _image(self, name: str) -> str | bytes | PocketLensError:
        if not is_uri(name):
            return name
        try:
            return read_uri(name, self._model.limits.max_bytes)
        except PocketLensError as error:
            return error

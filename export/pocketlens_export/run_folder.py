"""What export reads of a training run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pocketlens.errors import DatasetError, FileMissingError, ModelError
from pocketlens.metadata import Metadata


@dataclass(frozen=True)
class Run:
    """A finished training run.

    Attributes:
        model: The path of model.keras.
        metadata: The part of the record that travels into the .onnx file.
        folder: Where the pictures are.
        split: File names relative to `folder`, for "train", "validation" and "test".
    """

    model: Path
    metadata: Metadata
    folder: Path
    split: dict[str, list[str]]

    def pictures(self, count: int) -> list[Path]:
        """Test pictures, evenly over the list and so over the classes.

        Where the test split has too few, validation and training pictures come in.

        Raises:
            DatasetError: The pictures are no longer where the run found them.
        """
        names = self.split["test"]
        if len(names) < count:
            names = [*names, *self.split["validation"], *self.split["train"]]
        count = min(count, len(names))
        paths = [self.folder / names[i * len(names) // count] for i in range(count)]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise DatasetError(
                f"{len(missing)} of the {len(paths)} pictures that the export is checked on are "
                f"gone, the first is {missing[0]}; put them back, or train again where they are"
            )
        return paths


def read_run(folder: Path) -> Run:
    """Reads a run folder written by `pocketlens train`.

    Raises:
        FileMissingError: No such folder, or it holds no finished run.
        ModelError: Its record cannot be read.
    """
    record, model = folder / "record.json", folder / "model.keras"
    for path in (folder, record, model):
        if not path.exists():
            raise FileMissingError(
                f"{path}: does not exist, expected a folder that `pocketlens train` has finished"
            )
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
        metadata = Metadata.from_json(json.dumps(content["metadata"]))
        split = {part: list(content["split"][part]) for part in ("train", "validation", "test")}
        return Run(model, metadata, Path(content["folder"]), split)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{record}: cannot be read ({error})") from error

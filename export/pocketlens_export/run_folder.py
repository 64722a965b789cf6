"""What export reads of a training run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
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
        """Test pictures, topped up from validation and training where the split is smaller.

        Raises:
            DatasetError: The pictures are no longer where the run found them.
        """
        names = (name for part in ("test", "validation", "train") for name in self.split[part])
        paths = [self.folder / name for name in islice(names, count)]
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
        return Run(model, metadata, Path(content["folder"]), content["split"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{record}: cannot be read ({error})") from error

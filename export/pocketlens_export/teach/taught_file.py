"""A file by `pocketlens teach`, taken apart so that pictures can be added."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from pocketlens.calibration.gaussians import Gaussians
from pocketlens.engine.model_file import read_model
from pocketlens.errors import ModelError
from pocketlens.learning.class_weights import AUTO
from pocketlens.loading import load_model
from pocketlens.metadata import Metadata
from pocketlens.metadata.provenance import Data, Training
from pocketlens_export.graph import read_gaussians
from pocketlens_export.teach.kept_features import KeptFeatures, read_kept
from pocketlens_export.teach.learning import Learnt, Task
from pocketlens_export.teach.network import take_body
from pocketlens_export.teach.pictures import FolderFeatures
from pocketlens_export.teach.provenance import describe_head, now, split_sizes, versions


@dataclass(frozen=True)
class TaughtFile:
    """The file that is added to.

    Attributes:
        metadata: What it says of itself.
        training: The part that says how it was taught.
        body: Its frozen network, without the head.
        kept: The features that it carries.
        gaussians: Its classes'.
    """

    metadata: Metadata
    training: Training
    body: onnx.ModelProto
    kept: KeptFeatures
    gaussians: Gaussians

    @property
    def class_weights(self) -> str:
        """How much a picture counts: see HeadFirst."""
        return self.training.head_first.class_weights if self.training.head_first else AUTO


def read_taught(file: Path) -> TaughtFile:
    """Reads a file by `pocketlens teach`.

    Raises:
        FileMissingError: There is none.
        ModelError: It was not taught, or cannot be read.
    """
    content = read_model(file)
    metadata = load_model(file).metadata
    try:
        model = onnx.load_from_string(content)
        kept = read_kept(model)
        gaussians, body = read_gaussians(model), take_body(model)
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from error
    except KeyError as error:
        raise ModelError(f"{file}: its graph lacks {error}; teach the folder again") from error
    training = metadata.training
    if not training or not training.taught or not metadata.data:
        raise ModelError(f"{file}: its metadata does not say how it was taught; teach it again")
    if kept.targets.max() >= len(metadata.labels):
        raise ModelError(f"{file}: carries features of more classes than it has; teach it again")
    return TaughtFile(metadata, training, body, kept, gaussians)


def describe_addition(
    old: TaughtFile,
    task: Task,
    new: FolderFeatures,
    learnt: Learnt,
    kept: KeptFeatures,
    command: str,
) -> Metadata:
    """What the file says of itself with the new pictures, but for the figures."""
    before, data, training = old.metadata, old.metadata.data, old.training
    images = dict.fromkeys(task.labels, 0) | dict(data.images if data else {})
    for target in new.read.targets:
        images[task.labels[target]] += 1
    both = f"{data and data.fingerprint}{new.read.fingerprint}"
    return replace(
        before,
        labels=task.labels,
        metrics=None,
        calibration=None,
        familiarity=None,
        selftest=None,
        versions=versions(),
        training=replace(
            training,
            command=command,
            finished=now(),
            seconds=None,
            head_first=describe_head(learnt, task, old.class_weights),
            taught=training.taught
            and replace(
                training.taught,
                kept=len(kept.targets),
                earlier=(*training.taught.earlier, training.command),
            ),
        ),
        data=Data(
            fingerprint=hashlib.sha256(both.encode()).hexdigest(),
            images=images,
            left_out=(data.left_out if data else 0) + len(new.read.left_out),
            split=split_sizes(task),
        ),
    )

"""From a folder of pictures to a run folder, step by step."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import sklearn

import pocketlens
from pocketlens.cli.printing import printable
from pocketlens.metadata import Metadata
from pocketlens.preprocessing import Preprocessing
from pocketlens_train import architectures
from pocketlens_train.dataset import Split, list_files, split
from pocketlens_train.evaluation import evaluate
from pocketlens_train.loading import Pictures, load_pictures
from pocketlens_train.run_folder import CACHE, discard, prepare, write_model, write_plots
from pocketlens_train.training import Batches, build_model, device, fit


@dataclass(frozen=True)
class Settings:
    """What the command line can change; see `pocketlens train --help`."""

    arch: str
    input_size: tuple[int, int] | None
    color_mode: str | None
    epochs: int
    batch_size: int
    test_split: float
    validation_split: float
    seed: int


def train(folder: Path, run_folder: Path, settings: Settings) -> Metadata:
    """Trains, evaluates and fills a run folder.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: Nothing can be learnt from the folder.
        ModelError: The network cannot be built or did not train.
        FileError: The run folder holds a finished run or cannot be written.
    """
    listing = list_files(folder)
    architecture = architectures.load(settings.arch)
    preprocessing = Preprocessing(
        settings.input_size or architecture.INPUT_SIZE,
        settings.color_mode or architecture.COLOR_MODE,
    )
    model = build_model(
        architecture.build, preprocessing.input_shape, len(listing.labels), settings.seed
    )
    print(f"training on {device(model)}", flush=True)

    prepare(run_folder, folder)
    cache = run_folder / CACHE
    try:
        pictures = load_pictures(listing, preprocessing, cache)
        _report_left_out(pictures)
        parts = split(
            pictures.targets,
            listing.labels,
            test_split=settings.test_split,
            validation_split=settings.validation_split,
            seed=settings.seed,
        )
        targets = np.asarray(pictures.targets)

        def batches(indices: Any, seed: int | None = None) -> Batches:
            return Batches(pictures.inputs, targets, indices, settings.batch_size, seed)

        history = fit(
            model, batches(parts.train, settings.seed), batches(parts.validation), settings.epochs
        )
        probabilities = model.predict(batches(parts.test), verbose=0)
    except BaseException:
        discard(cache, run_folder)
        raise

    truth = targets[parts.test]
    metadata = Metadata(
        labels=listing.labels,
        preprocessing=preprocessing,
        architecture=settings.arch,
        metrics=evaluate(truth, probabilities, listing.labels),
        history=history,
        training={
            "epochs": settings.epochs,
            "batch_size": settings.batch_size,
            "test_split": settings.test_split,
            "validation_split": settings.validation_split,
            "seed": settings.seed,
            "device": device(model),
            "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        },
        data=_describe(pictures, listing.labels, parts),
        versions=_versions(),
    )
    write_model(run_folder, metadata, model, listing.folder, pictures, parts)
    discard(cache)
    write_plots(run_folder, metadata, listing.folder, pictures, parts, probabilities)
    return metadata


def _report_left_out(pictures: Pictures) -> None:
    for file, reason in pictures.left_out:
        print(f"left out: {printable(file)}: {printable(reason)}", file=sys.stderr)
    print(f"{len(pictures.files)} pictures, {len(pictures.left_out)} files left out", flush=True)


def _describe(pictures: Pictures, labels: tuple[str, ...], parts: Split) -> dict[str, Any]:
    counts = np.bincount(pictures.targets, minlength=len(labels)).tolist()
    return {
        "fingerprint": pictures.fingerprint,
        "images": dict(zip(labels, counts, strict=True)),
        "left_out": len(pictures.left_out),
        "split": {name: len(indices) for name, indices in vars(parts).items()},
    }


def _versions() -> dict[str, str]:
    backend = sys.modules[keras.backend.backend()]
    return {
        "pocketlens": pocketlens.__version__,
        "python": platform.python_version(),
        "keras": keras.__version__,
        backend.__name__: backend.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "scikit-learn": sklearn.__version__,
    }

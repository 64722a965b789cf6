"""What users write must type-check; mypy reads this file, nothing runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

import pocketlens

array: npt.NDArray[np.uint8] = np.zeros((4, 4, 3), np.uint8)
paths: list[Path] = [Path("a.jpg")]
names: list[str] = ["a.jpg"]

model: pocketlens.Classifier = pocketlens.load_model(
    "flowers.onnx",
    providers=["CUDAExecutionProvider", ("CPUExecutionProvider", {})],
    intra_op_num_threads=2,
    allow_spinning=True,
)
label: str = model.predict("photo.jpg").label
score: float = model.predict(array).score
scores: dict[str, float] = model.predict(b"").scores
best: list[tuple[str, float]] = model.predict(Path("photo.jpg")).top_k(3)
mixed: list[pocketlens.Prediction] = model.predict(["a.jpg", array, b"", Path("b.jpg")])
several: list[pocketlens.Prediction] = model.predict(paths)
others: list[pocketlens.Prediction] = model.predict(names)
labels: tuple[str, ...] = model.labels
size: tuple[int, int] = model.metadata.preprocessing.input_size
for answer in model.predict_many(paths, batch_size=8, workers=2):
    if isinstance(answer, pocketlens.Prediction):
        label = answer.label
    else:
        error: pocketlens.PocketLensError = answer

"""The classifier: a loaded model and its predict()."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from pocketlens.decoding import ImageInput, decode, read_bytes
from pocketlens.errors import InputTypeError, ModelError, PocketLensError
from pocketlens.metadata import Metadata
from pocketlens.prediction import Prediction
from pocketlens.preprocessing import preprocess
from pocketlens.session import (
    INPUT_NAME,
    OUTPUT_NAME,
    Provider,
    create_session,
    read_metadata,
)

BUNDLED_MODEL = Path(__file__).parent / "models" / "cats-and-dogs.onnx"


def load_model(
    model: str | os.PathLike[str] | None = None,
    *,
    providers: Sequence[Provider] | None = None,
    intra_op_num_threads: int | None = None,
) -> Classifier:
    """Loads an .onnx file written by `pocketlens export`.

    Args:
        model: Path of the file; None loads the bundled cats-and-dogs model.
        providers: onnxruntime execution providers in order of preference, such as
            ["CUDAExecutionProvider", "CPUExecutionProvider"]. All of them must start. None takes
            CUDA where it works, else the CPU.
        intra_op_num_threads: Threads of one inference; None leaves the choice to onnxruntime.

    Raises:
        FileMissingError: There is no such file.
        FileError: It is a folder or cannot be read.
        InputTypeError: `model` is no path.
        ModelError: It is not a model of ours, or one this version cannot run exactly.
        ProviderError: A provider that was asked for is not available or did not start.
        SettingError: intra_op_num_threads is no positive number.
        MissingExtraError: onnxruntime is not installed.

    Example:
        >>> model = load_model("flowers.onnx", intra_op_num_threads=1)
    """
    if not isinstance(model, (str, os.PathLike, type(None))):
        raise InputTypeError(f"got {type(model).__name__}, expected the path of an .onnx file")
    path = BUNDLED_MODEL if model is None else Path(model)
    content = read_bytes(path)
    try:
        session = create_session(content, providers, intra_op_num_threads)
        return Classifier(session, read_metadata(session))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


class Classifier:
    """A loaded model; made by load_model(), safe to share between threads.

    Attributes:
        labels: Class names, in the order of the network's outputs.
        metadata: What the file says of itself: preprocessing, metrics, history, versions.
        providers: The execution providers that the session runs on, first choice first.
    """

    def __init__(self, session: Any, metadata: Metadata) -> None:
        """Takes an onnxruntime session and the metadata read from it."""
        self._session = session
        self.metadata = metadata
        self.labels = metadata.labels
        self.providers: tuple[str, ...] = tuple(session.get_providers())

    @overload
    def predict(self, images: ImageInput) -> Prediction: ...  # type: ignore[overload-overlap]

    @overload
    def predict(self, images: Sequence[ImageInput]) -> list[Prediction]: ...

    def predict(self, images: ImageInput | Sequence[ImageInput]) -> Prediction | list[Prediction]:
        """Classifies one picture, or several in one batch.

        Args:
            images: A path, the bytes of a picture file, an RGB uint8 array of shape HxWx3 or a
                grey one of shape HxW, or a PIL image; or a list or tuple of these.

        Returns:
            A Prediction; for a list, a list of them in the same order.

        Raises:
            FileMissingError: A path does not exist.
            FileError: A path is a folder or cannot be read.
            ImageError: Bytes that are not a picture, or an array of another shape.
            InputTypeError: An object of another type, or an array that is not uint8.

        Example:
            >>> load_model().predict("photo.jpg").label
            'dog'
        """
        several = isinstance(images, (list, tuple))
        inputs = images if isinstance(images, (list, tuple)) else [images]
        batch = np.empty((len(inputs), *self.metadata.preprocessing.input_shape), np.uint8)
        for index, image in enumerate(inputs):
            try:
                pixels = decode(image)
            except PocketLensError as error:
                if not several:
                    raise
                raise type(error)(f"images[{index}]: {error}") from error
            batch[index] = preprocess(pixels, self.metadata.preprocessing)
        (probabilities,) = self._session.run([OUTPUT_NAME], {INPUT_NAME: batch})
        answers = [
            Prediction.from_probabilities(self.labels, row.tolist()) for row in probabilities
        ]
        return answers if several else answers[0]

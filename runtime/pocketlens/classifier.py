"""The classifier: a loaded model and its predict()."""

from __future__ import annotations

import os
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any, overload

import numpy as np

from pocketlens.decoding import ImageInput, Pixels, decode, read_bytes
from pocketlens.errors import InputTypeError, ModelError, PocketLensError, SettingError
from pocketlens.familiarity import familiarity
from pocketlens.metadata import Metadata
from pocketlens.prediction import Prediction
from pocketlens.preprocessing import preprocess
from pocketlens.session import (
    ACTIVATION_MAP,
    FAMILIARITY,
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
    min_familiarity: float | None = None,
) -> Classifier:
    """Loads an .onnx file written by `pocketlens export`.

    Args:
        model: Path of the file; None loads the bundled cats-and-dogs model.
        providers: onnxruntime execution providers in order of preference, such as
            ["CUDAExecutionProvider", "CPUExecutionProvider"]. All of them must start. None takes
            CUDA where it works, else the CPU.
        intra_op_num_threads: Threads of one inference; None leaves the choice to onnxruntime.
        min_familiarity: Pictures below it are rejected, 0 to 1; None takes the file's own
            threshold, which accepts 98 % of the validation pictures, 0 rejects nothing.

    Raises:
        FileMissingError: There is no such file.
        FileError: It is a folder or cannot be read.
        InputTypeError: `model` is no path.
        ModelError: It is not a model of ours, or one this version cannot run exactly.
        ProviderError: A provider that was asked for is not available or did not start.
        SettingError: intra_op_num_threads is no positive number, or min_familiarity none from 0
            to 1, or the file has no familiarity to compare with.
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
        return Classifier(session, read_metadata(session), min_familiarity)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


class Classifier:
    """A loaded model; made by load_model(), safe to share between threads.

    Attributes:
        labels: Class names, in the order of the network's outputs.
        metadata: What the file says of itself: preprocessing, metrics, history, versions.
        providers: The execution providers that the session runs on, first choice first.
        min_familiarity: Pictures below it are rejected; None where the model cannot reject.
    """

    def __init__(
        self, session: Any, metadata: Metadata, min_familiarity: float | None = None
    ) -> None:
        """Takes an onnxruntime session and the metadata read from it."""
        self._session = session
        self._outputs = {node.name for node in session.get_outputs()}
        self.min_familiarity = _threshold(metadata, min_familiarity)
        self.metadata = metadata
        self.labels = metadata.labels
        self.providers: tuple[str, ...] = tuple(session.get_providers())

    @overload
    def predict(  # type: ignore[overload-overlap]
        self, images: ImageInput, *, explain: bool = ...
    ) -> Prediction: ...

    @overload
    def predict(self, images: Sequence[ImageInput], *, explain: bool = ...) -> list[Prediction]: ...

    def predict(
        self, images: ImageInput | Sequence[ImageInput], *, explain: bool = False
    ) -> Prediction | list[Prediction]:
        """Classifies one picture, or several in one batch.

        Args:
            images: A path, the bytes of a picture file, an RGB uint8 array of shape HxWx3 or a
                grey one of shape HxW, or a PIL image; or a list or tuple of these.
            explain: Also return where the network looked, as Prediction.activation_map.

        Returns:
            A Prediction; for a list, a list of them in the same order.

        Raises:
            FileMissingError: A path does not exist.
            FileError: A path is a folder or cannot be read.
            ImageError: Bytes that are not a picture, or an array of another shape.
            InputTypeError: An object of another type, or an array that is not uint8.
            ModelError: explain=True, and the network has no activation map.

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
        answers = self._answer(batch, explain)
        return answers if several else answers[0]

    def _answer(self, batch: Pixels, explain: bool) -> list[Prediction]:
        names = [OUTPUT_NAME]
        if self.min_familiarity is not None:
            names.append(FAMILIARITY)
        if explain:
            if ACTIVATION_MAP not in self._outputs:
                raise ModelError(
                    f"a network of architecture {self.metadata.architecture!r} has no activation "
                    "map: it cannot explain; train with --arch edge"
                )
            names.append(ACTIVATION_MAP)
        outputs = dict(zip(names, self._session.run(names, {INPUT_NAME: batch}), strict=True))
        more: list[dict[str, Any]] = [{} for _ in batch]
        if self.min_familiarity is not None:
            for fields, value in zip(
                more, familiarity(outputs[FAMILIARITY], self.metadata.familiarity), strict=True
            ):
                fields["familiarity"] = float(value)
                fields["rejected"] = bool(value < self.min_familiarity)
        if explain:
            for fields, activation_map in zip(more, outputs[ACTIVATION_MAP], strict=True):
                fields["activation_map"] = activation_map
        return [
            Prediction.from_probabilities(self.labels, row.tolist(), **fields)
            for row, fields in zip(outputs[OUTPUT_NAME], more, strict=True)
        ]


def _threshold(metadata: Metadata, asked: float | None) -> float | None:
    if not metadata.familiarity:
        if asked is not None:
            raise SettingError(
                f"min_familiarity={asked!r}, but this model has no familiarity to compare with; "
                "train with --arch edge, or leave it out"
            )
        return None
    if asked is None:
        return float(metadata.familiarity["threshold"])
    if isinstance(asked, bool) or not isinstance(asked, Real) or not 0 <= asked <= 1:
        raise SettingError(f"min_familiarity={asked!r}, expected a number from 0 to 1")
    return float(asked)

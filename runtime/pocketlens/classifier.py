"""The classifier: a loaded model, its predict() and predict_many()."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np

from pocketlens.engine.cores import usable_cores
from pocketlens.engine.network import Network
from pocketlens.engine.parallel import map_in_order
from pocketlens.engine.providers import CPU
from pocketlens.engine.session import (
    ACTIVATION_MAP,
    FAMILIARITY,
    INPUT_NAME,
    OUTPUT_NAME,
    read_metadata,
)
from pocketlens.errors import InputTypeError, ModelError, PocketLensError, check_positive
from pocketlens.metadata.familiarity import threshold
from pocketlens.pictures.decoding import ImageInput, Pixels
from pocketlens.pictures.files import Limits
from pocketlens.pictures.preprocessing import network_input
from pocketlens.prediction import Prediction


class Classifier:
    """A loaded model; made by load_model(), safe to share between threads.

    It may be forked, pickled and deep-copied: the copy has the model's bytes and settings, and
    starts an onnxruntime session of its own when it first answers. That takes some time: give a
    process its copy once, not with each picture. (CUDA itself does not work after a fork.)

    Attributes:
        labels: Class names, in the order of the network's outputs.
        metadata: What the file says of itself: preprocessing, metrics, history, versions.
        providers: The execution providers that the session runs on, first choice first.
        intra_op_num_threads: Threads of one inference.
        min_familiarity: Pictures below it are rejected; None where the model cannot reject.
        limits: How large a picture may be.
        can_explain: Whether the network has an activation map, for predict(explain=True).
    """

    def __init__(self, network: Network, min_familiarity: float | None, limits: Limits) -> None:
        """Starts the network, and checks it against its metadata; see load_model()."""
        session = network.start()
        metadata = read_metadata(session)
        self.intra_op_num_threads: int = session.get_session_options().intra_op_num_threads
        self.min_familiarity = threshold(metadata.familiarity, min_familiarity)
        self.limits = limits
        self.can_explain = ACTIVATION_MAP in {node.name for node in session.get_outputs()}
        self.metadata = metadata
        self.labels = metadata.labels
        self.providers: tuple[str, ...] = tuple(session.get_providers())
        self._network = self._network_of_workers = network
        if self.intra_op_num_threads > 1 and self.providers == (CPU,):
            # Several workers with several threads each would be in each other's way.
            self._network_of_workers = network.with_one_thread()

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
        preprocessing = self.metadata.preprocessing
        batch = np.empty((len(inputs), *preprocessing.input_shape), np.uint8)
        for index, image in enumerate(inputs):
            try:
                batch[index] = network_input(image, preprocessing, self.limits)
            except PocketLensError as error:
                if not several:
                    raise
                raise type(error)(f"images[{index}]: {error}") from error
        answers = self._answer(self._network, batch, explain)
        return answers if several else answers[0]

    def predict_many(
        self, images: Iterable[ImageInput], *, batch_size: int = 8, workers: int | None = None
    ) -> Generator[Prediction | PocketLensError]:
        """Classifies any number of pictures in constant memory, on all cores.

        Each worker decodes `batch_size` pictures and runs the network on them with one thread, so
        that decoding and inference overlap.

        Args:
            images: What predict() takes, read as they are needed. An error that their iterator
                raises comes after the answers for the pictures before it.
            batch_size: Pictures that are decoded and answered together.
            workers: Threads, fewer where the system allows fewer; None takes one for each core
                that this process may use, by affinity and by the container's quota.

        Yields:
            For each picture, in order, a Prediction, or the error that predict() would raise for
            it. Closing the generator stops the workers.

        Raises:
            SettingError: batch_size or workers is no positive whole number.
            InputTypeError: `images` is a single picture.

        Example:
            >>> for file, answer in zip(files, load_model().predict_many(files)):
            ...     print(file, getattr(answer, "label", answer))
        """
        workers = usable_cores() if workers is None else workers
        check_positive(batch_size=batch_size, workers=workers)
        if isinstance(images, (str, bytes, os.PathLike, np.ndarray)):
            raise InputTypeError(
                f"got one {type(images).__name__}, expected an iterable of pictures; "
                "predict() takes a single one"
            )
        answers = map_in_order(self.predict_each, _batches(images, batch_size), workers)
        # No itertools.chain: two threads that share one bring the interpreter down.
        return (answer for batch in answers for answer in batch)

    def predict_each(
        self, images: Sequence[ImageInput], *, explain: bool = False
    ) -> list[Prediction | PocketLensError]:
        """Classifies several pictures in one batch, on the calling thread, as predict() does.

        Returns:
            For each picture, in order, a Prediction, or the error that predict() would raise for
            it.

        Raises:
            ModelError: explain=True, and the network has no activation map.
        """
        preprocessing = self.metadata.preprocessing
        results: list[Any] = [None] * len(images)
        inputs = {}
        for index, image in enumerate(images):
            try:
                inputs[index] = network_input(image, preprocessing, self.limits)
            except PocketLensError as error:
                results[index] = error
        if inputs:
            batch = np.stack(list(inputs.values()))
            answers = self._answer(self._network_of_workers, batch, explain)
            for index, answer in zip(inputs, answers, strict=True):
                results[index] = answer
        return results

    def _answer(self, network: Network, batch: Pixels, explain: bool = False) -> list[Prediction]:
        names = [OUTPUT_NAME]
        if self.min_familiarity is not None:
            names.append(FAMILIARITY)
        if explain:
            if not self.can_explain:
                raise ModelError(
                    f"a network of architecture {self.metadata.architecture!r} has no activation "
                    "map: it cannot explain; train with --arch edge"
                )
            names.append(ACTIVATION_MAP)
        outputs = dict(zip(names, network.run(names, {INPUT_NAME: batch}), strict=True))
        more: list[dict[str, Any]] = [{} for _ in batch]
        known = self.metadata.familiarity
        if known is not None and self.min_familiarity is not None:
            for fields, value in zip(more, known.of(outputs[FAMILIARITY]), strict=True):
                fields["familiarity"] = float(value)
                fields["rejected"] = bool(value < self.min_familiarity)
        if explain:
            for fields, activation_map in zip(more, outputs[ACTIVATION_MAP], strict=True):
                fields["activation_map"] = activation_map
        return [
            Prediction.from_probabilities(self.labels, row.tolist(), **fields)
            for row, fields in zip(outputs[OUTPUT_NAME], more, strict=True)
        ]


def _batches(images: Iterable[ImageInput], size: int) -> Iterator[list[ImageInput]]:
    batch: list[ImageInput] = []
    try:
        for image in images:
            batch.append(image)
            if len(batch) == size:
                yield batch
                batch = []
    except Exception:
        if batch:
            yield batch
        raise
    if batch:
        yield batch

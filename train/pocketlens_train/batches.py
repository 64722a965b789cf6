"""What the network is fed with: batches of pictures as they are, or of augmented crops."""

from __future__ import annotations

import os
from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt

from pocketlens.learning.linear_head import Indices
from pocketlens.pictures.decoding import Pixels
from pocketlens.pictures.preprocessing import Preprocessing, preprocess
from pocketlens_train.augmentation import Boxes, crop, distort, draw_boxes
from pocketlens_train.recipe import Augmentation

Targets = npt.NDArray[np.float32]
"""What the network shall answer, N x outputs."""


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of pictures, cut and recoloured by threads while the network trains."""

    def __init__(
        self,
        sources: Sequence[Pixels],
        variants: Sequence[dict[str, Targets]],
        indices: Indices,
        batch_size: int,
        *,
        outliers: Indices | None = None,
        outliers_per_epoch: int = 0,
        augmentation: Augmentation | None = None,
        preprocessing: Preprocessing | None = None,
        seed: int | None = None,
    ) -> None:
        """Takes the pictures that `indices` name.

        Args:
            sources: uint8 arrays, N x H x W x C, counted one after the other.
            variants: For each output of the network the targets, of so many crops of each picture;
                epochs take the crops in turns. One alone is for any crop.
            indices: Which of the pictures.
            batch_size: Pictures a batch; the last one may be smaller.
            outliers: Which of the pictures are of no class.
            outliers_per_epoch: So many of them are drawn each epoch.
            augmentation: How to change them; None leaves them as they are.
            preprocessing: How a crop becomes the network's input; needed with `augmentation`.
            seed: Same seed, same order and crops; None keeps the order of `indices`.
        """
        super().__init__(workers=os.cpu_count() or 1, max_queue_size=16)
        self._sources, self._variants, self._indices = sources, variants, indices
        self._outliers = np.zeros(0, np.intp) if outliers is None else outliers
        self._outliers_per_epoch = min(outliers_per_epoch, len(self._outliers))
        self._batch_size, self._seed = batch_size, seed
        self._augmentation, self._preprocessing = augmentation, preprocessing
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Draws order and crops of an epoch, counted from 0."""
        self._epoch = epoch
        kept = len(self._variants)
        self._targets = self._variants[self._epoch % kept]
        self._order = self._indices
        if self._seed is not None:
            random = np.random.default_rng([self._seed, self._epoch])
            drawn = random.permutation(self._outliers)[: self._outliers_per_epoch]
            self._order = random.permutation(np.concatenate([self._indices, drawn]))
        if self._augmentation is not None:
            variant = self._epoch % kept if kept > 1 else self._epoch
            count = sum(map(len, self._sources))
            self._boxes = draw_boxes(count, self._augmentation.min_area, self._seed or 0, variant)

    def __len__(self) -> int:
        """The number of batches."""
        return -(-(len(self._indices) + self._outliers_per_epoch) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[Pixels, dict[str, Targets] | Targets]:
        """Pictures and targets of one batch; a lone output's targets as they are."""
        start = index * self._batch_size
        chosen = self._order[start : start + self._batch_size]
        if self._augmentation is None or self._preprocessing is None:
            inputs = [picture(self._sources, number) for number in chosen]
        else:
            random = np.random.default_rng([self._seed or 0, self._epoch, index])
            inputs = [
                distort(
                    crop_input(self._sources, self._boxes, number, self._preprocessing),
                    self._augmentation,
                    random,
                )
                for number in chosen
            ]
        targets = {name: rows[chosen] for name, rows in self._targets.items()}
        return np.stack(inputs), targets if len(targets) > 1 else targets["probabilities"]

    def on_epoch_end(self) -> None:
        """Draws the next epoch's order and crops."""
        self.begin(self._epoch + 1)


def picture(sources: Sequence[Pixels], number: int) -> Pixels:
    """The picture of that number, counted over all the arrays."""
    for source in sources:
        if number < len(source):
            return np.asarray(source[number])
        number -= len(source)
    raise IndexError(number)


def crop_input(
    sources: Sequence[Pixels], boxes: Boxes, number: int, preprocessing: Preprocessing
) -> Pixels:
    """The crop of one picture as network input."""
    return preprocess(crop(picture(sources, number), boxes[number]), preprocessing)

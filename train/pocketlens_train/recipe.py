"""How a network is trained unless the command line says otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pocketlens.pictures.preprocessing import Preprocessing


@dataclass(frozen=True)
class Augmentation:
    """Random changes to the training pictures, drawn anew each epoch.

    Attributes:
        crop_scale: Side of the crops that the network trains on, as a share of its input size. A
            network that is tested at a larger size than it is trained at sees things as large as
            in training (Touvron et al. 2019, "Fixing the train-test resolution discrepancy"), and
            trains faster.
        min_area: The smallest share of the picture that a crop shows.
        brightness: Range of the factor that half of the crops are multiplied by.
        grayscale: Share of the crops that lose their colour.
        mirror: Whether half of the crops are mirrored.
    """

    crop_scale: float
    min_area: float
    brightness: tuple[float, float]
    grayscale: float
    mirror: bool = True


@dataclass(frozen=True)
class TailRecipe:
    """How the last blocks are fine-tuned from a linear head, on a folder of some hundred pictures.

    Attributes:
        first_block: The first of the blocks that are trained.
        epochs: Passes over the training pictures.
        batch_size: Pictures a step.
        learning_rate: The highest one; it rises over a tenth of the steps and falls in a half
            cosine to 0.
        weight_decay: Of kernels, not of biases and batch normalisation (AdamW).
        label_smoothing: The share of each target spread over the classes.
        variants: Random crops of each picture; epochs take them in turns.
        augmentation: How these are drawn.
        head_teacher: A larger network; the answers of its head on frozen features are learnt too.
    """

    first_block: int
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    variants: int
    augmentation: Augmentation
    head_teacher: str | None = None


@dataclass(frozen=True)
class Recipe:
    """The settings of a training.

    Attributes:
        epochs: Passes over the training pictures.
        batch_size: Pictures a step.
        learning_rate: The highest one.
        cosine: Whether the rate falls in a half cosine to 0 after a warm-up over the first 5 % of
            the steps.
        weight_decay: Of kernels, not of biases and batch normalisation (AdamW).
        label_smoothing: The share of each target spread over the classes; none with a teacher.
        ema_share: The network that is kept is the exponential moving average of the weights over
            about this share of the steps; 0 keeps the last weights.
        patience: Epochs without a higher validation accuracy after which training stops; the best
            epoch is kept. None trains to the end and keeps that.
        augmentation: None trains on the pictures as they are.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    cosine: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    ema_share: float = 0.0
    patience: int | None = None
    augmentation: Augmentation | None = None

    def source(self, preprocessing: Preprocessing) -> Preprocessing:
        """How pictures are kept for training: cut, and with some pixels to spare for crops."""
        if self.augmentation is None:
            return preprocessing
        size = _scaled(preprocessing.input_size, 1.25)
        return replace(preprocessing, input_size=size, color_mode="rgb")

    def crop(self, preprocessing: Preprocessing) -> Preprocessing:
        """How a crop, which source() has cut, becomes the network's input in training."""
        scale = self.augmentation.crop_scale if self.augmentation else 1.0
        return Preprocessing(_scaled(preprocessing.input_size, scale), preprocessing.color_mode)


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))

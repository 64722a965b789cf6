from __future__ import annotations

import numpy as np
import pytest

from pocketlens.pictures.preprocessing import Preprocessing

pytest.importorskip("keras")
pytest.importorskip("sklearn")

from pocketlens_train.augmentation import crop, distort, draw_boxes
from pocketlens_train.batches import Batches, crop_input
from pocketlens_train.recipe import Augmentation, Recipe

AUGMENTATION = Augmentation(crop_scale=0.5, min_area=0.4, brightness=(0.5, 1.2), grayscale=0.3)
RECIPE = Recipe(1, 8, 1e-3, augmentation=AUGMENTATION)
PREPROCESSING = Preprocessing((16, 24), "rgb")


def test_boxes_lie_in_the_picture() -> None:
    boxes = draw_boxes(2000, 0.4, seed=1, variant=0)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= 1 + 1e-9).all()
    areas = boxes[:, 2] * boxes[:, 3]
    assert areas.min() > 0.35
    assert areas.max() <= 1
    assert areas.mean() == pytest.approx(0.7, abs=0.02)


def test_boxes_depend_on_seed_and_variant_alone() -> None:
    first = draw_boxes(5, 0.4, seed=1, variant=0)
    np.testing.assert_array_equal(first, draw_boxes(5, 0.4, seed=1, variant=0))
    assert not np.allclose(first, draw_boxes(5, 0.4, seed=1, variant=1))
    assert not np.allclose(first, draw_boxes(5, 0.4, seed=2, variant=0))


def test_whole_box_is_the_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (31, 17, 3), np.uint8)
    np.testing.assert_array_equal(crop(pixels, np.array([0.0, 0, 1, 1])), pixels)


@pytest.mark.parametrize("channels", [1, 3])
def test_distortions(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(60, 120, (6, 8, channels), np.uint8)
    random = np.random.default_rng(1)
    shown = [distort(pixels, AUGMENTATION, random) for _ in range(400)]
    assert all(image.shape == pixels.shape and image.dtype == np.uint8 for image in shown)
    means = np.array([image.mean() for image in shown]) / pixels.mean()
    assert 0.48 < means.min() < 0.6
    assert 1.1 < means.max() < 1.25
    assert np.mean([(image == pixels).all() for image in shown]) == pytest.approx(
        0.175 if channels == 3 else 0.25, abs=0.08
    )
    grey = np.mean([np.ptp(image, axis=2).max() == 0 for image in shown])
    assert grey == (1 if channels == 1 else pytest.approx(0.3, abs=0.08))


def test_crops_are_smaller_than_the_input_and_sources_larger() -> None:
    assert RECIPE.crop(PREPROCESSING).input_shape == (8, 12, 3)
    assert RECIPE.source(PREPROCESSING).input_shape == (20, 30, 3)
    plain = Recipe(1, 8, 1e-3)
    assert plain.crop(PREPROCESSING) == plain.source(PREPROCESSING) == PREPROCESSING


def batches(epochs: int = 1, **changes: object) -> Batches:
    random = np.random.default_rng(0)
    sources = [random.integers(0, 256, (count, 20, 30, 3), np.uint8) for count in (10, 6)]
    variants = [
        {"probabilities": np.arange(16, dtype=np.float32)[:, None] + 100 * variant}
        for variant in range(epochs)
    ]
    options: dict[str, object] = {
        "augmentation": AUGMENTATION,
        "preprocessing": RECIPE.crop(PREPROCESSING),
        "seed": 3,
        "outliers": np.arange(10, 16),
        "outliers_per_epoch": 2,
    }
    return Batches(sources, variants, np.arange(8), 4, **(options | changes))  # type: ignore[arg-type]


def epoch_of(data: Batches) -> tuple[np.ndarray, np.ndarray]:
    inputs, targets = zip(*(data[index] for index in range(len(data))), strict=True)
    return np.concatenate(inputs), np.concatenate(targets)[:, 0]


def test_an_epoch_has_each_picture_once_and_some_outliers() -> None:
    data = batches()
    drawn = []
    for _ in range(6):
        inputs, targets = epoch_of(data)
        assert inputs.shape == (10, 8, 12, 3)
        assert sorted(targets[targets < 8]) == list(range(8))
        drawn.append(tuple(sorted(targets[targets >= 10])))
        assert len(drawn[-1]) == 2
        data.on_epoch_end()
    assert len(set(drawn)) > 1


def test_epochs_can_be_drawn_again() -> None:
    data, again = batches(), batches()
    data.on_epoch_end()
    again.begin(1)
    for mine, theirs in zip(epoch_of(data), epoch_of(again), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_crops_and_answers_of_a_variant_belong_together() -> None:
    data = batches(epochs=2, augmentation=AUGMENTATION)
    quiet = Augmentation(0.5, 0.4, brightness=(1.0, 1.0), grayscale=0)
    data._augmentation = quiet
    for epoch in (0, 1, 2):
        data.begin(epoch)
        inputs, targets = epoch_of(data)
        boxes = draw_boxes(16, 0.4, 3, epoch % 2)
        for shown, target in zip(inputs, targets, strict=True):
            number = int(target) % 100
            assert target // 100 == epoch % 2
            expected = crop_input(data._sources, boxes, number, RECIPE.crop(PREPROCESSING))
            assert (shown == expected).all() or (shown[:, ::-1] == expected).all()


def test_pictures_as_they_are_keep_their_order() -> None:
    data = batches(augmentation=None, seed=None, outliers=None)
    inputs, targets = epoch_of(data)
    assert targets.tolist() == list(range(8))
    np.testing.assert_array_equal(inputs, data._sources[0][:8])

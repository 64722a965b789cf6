"""The linear head: the same as scikit-learn's, and chosen by pictures that it has not seen."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("sklearn")

from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from pocketlens.learning.class_weights import output_weights
from pocketlens.learning.linear_head import choose_head, fit_head, one_blas_thread
from pocketlens.metrics import softmax

Features = npt.NDArray[np.float32]


def clouds(classes: int, each: int, seed: int = 0) -> tuple[Features, npt.NDArray[np.intp]]:
    random = np.random.default_rng(seed)
    targets = np.repeat(np.arange(classes), each)
    centers = np.random.default_rng(7).normal(size=(classes, 12)) * 2
    features = centers[targets] + random.normal(size=(len(targets), 12)) + 5
    return features.astype(np.float32), targets


@pytest.mark.parametrize("classes", [2, 5])
def test_head_answers_as_scikit_learn(classes: int) -> None:
    features, targets = clouds(classes, 20)
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=0.1, tol=1e-3, max_iter=150)
    model.fit(scaler.transform(features), targets)
    head = fit_head([features], targets, np.ones(classes), 0.1)
    expected = model.predict_proba(scaler.transform(features))
    assert np.abs(softmax(head.logits(features)) - expected).max() < 1e-3


def test_class_without_pictures_is_never_answered() -> None:
    features, targets = clouds(3, 20)
    head = fit_head([features], np.where(targets == 1, 2, targets), np.ones(3), 0.1)
    probabilities = softmax(head.logits(features))
    assert probabilities.shape == (60, 3)
    assert probabilities[:, 1].max() < 1e-3


def test_answers_are_of_heads_that_have_not_seen_the_picture() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 200)).astype(np.float32)
    targets = random.integers(0, 2, 60)
    # Where labels are at random, a head is right for all that it has seen and for half of others.
    chosen = choose_head(features, features, targets, np.arange(60) % 5, np.ones(2))
    head = fit_head([features], targets, np.ones(2), 1.0)
    assert (head.logits(features).argmax(axis=1) == targets).mean() > 0.9
    assert (chosen.logits.argmax(axis=1) == targets).mean() < 0.7
    assert chosen.strength == 0.001


def test_mirror_images_count_where_they_help_alone() -> None:
    features, targets = clouds(4, 15)
    folds = np.arange(60) % 3
    random = np.random.default_rng(1)
    alike = (features + random.normal(size=features.shape) / 2).astype(np.float32)
    assert choose_head(features, alike, targets, folds, np.ones(4)).mirror
    # As if each class looked in the mirror like the next one.
    of_next = np.roll(features, 15, axis=0)
    assert not choose_head(features, of_next, targets, folds, np.ones(4)).mirror


def test_class_weights() -> None:
    targets = np.repeat([0, 1], [90, 10])
    none, auto, balanced = (output_weights(targets, 3, k) for k in ("none", "auto", "balanced"))
    assert none.tolist() == [1, 1, 1]
    assert balanced[1] / balanced[0] == pytest.approx(9)
    assert auto[1] / auto[0] == pytest.approx(3)
    for weights in (auto, balanced):
        assert weights[targets].mean() == pytest.approx(1)
        assert weights[2] == 1
    equal = np.repeat([0, 1], 10)
    assert output_weights(equal, 2, "auto") == pytest.approx([1, 1])


def test_matrix_products_are_of_one_thread() -> None:
    from threadpoolctl import threadpool_info

    def blas_threads() -> list[int]:
        return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]

    before = blas_threads()
    with one_blas_thread():
        assert blas_threads() == [1] * len(before)
    assert blas_threads() == before

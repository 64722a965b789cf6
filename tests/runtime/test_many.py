from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pocketlens
from builders import encode, plain
from pocketlens.engine.parallel import map_in_order
from pocketlens.errors import FileMissingError, ImageError, InputTypeError, SettingError


@pytest.fixture(scope="module")
def colors(colors_file: Path) -> pocketlens.Classifier:
    return pocketlens.load_model(colors_file)


def pictures() -> list[Any]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (9, 12, 3), np.uint8) for _ in range(50)]


@pytest.mark.parametrize("workers", [None, 1, 2, 5])
@pytest.mark.parametrize("batch_size", [1, 8, 64])
def test_answers_are_those_of_predict_in_order(
    colors: pocketlens.Classifier, batch_size: int, workers: int | None
) -> None:
    expected = [colors.predict(picture) for picture in pictures()]
    answers = colors.predict_many(iter(pictures()), batch_size=batch_size, workers=workers)
    for answer, one in zip(answers, expected, strict=True):
        assert isinstance(answer, pocketlens.Prediction)
        assert answer.label == one.label
        # A batch is summed up in another order.
        assert answer.scores == pytest.approx(one.scores, abs=1e-6)


def test_a_batch_with_an_error_in_place_of_an_answer(colors: pocketlens.Classifier) -> None:
    red, nothing, blue = colors.predict_each([plain(255, 0, 0), b"", encode(plain(0, 0, 255))])
    assert isinstance(red, pocketlens.Prediction)
    assert isinstance(blue, pocketlens.Prediction)
    assert (red.label, blue.label) == ("red", "blue")
    assert isinstance(nothing, ImageError)
    assert colors.predict_each([]) == []
    assert [type(each) for each in colors.predict_each([b"", b""])] == [ImageError] * 2


def test_no_pictures(colors: pocketlens.Classifier) -> None:
    assert list(colors.predict_many([])) == []


def test_a_bad_picture_is_its_own_error_in_its_place(
    colors: pocketlens.Classifier, tmp_path: Path
) -> None:
    good = plain(255, 0, 0)
    missing = tmp_path / "missing.jpg"
    things: list[Any] = [good, b"", missing, None, encode(good)]
    answers = list(colors.predict_many(things, batch_size=2))
    kinds = [type(answer) for answer in answers]
    prediction = pocketlens.Prediction
    assert kinds == [prediction, ImageError, FileMissingError, InputTypeError, prediction]
    assert "missing.jpg" in str(answers[2])
    assert list(colors.predict_many([b""])) != []


def test_an_error_of_the_source_is_raised(colors: pocketlens.Classifier) -> None:
    def source() -> Iterator[Any]:
        yield plain(255, 0, 0)
        raise RuntimeError("the camera is gone")

    for batch_size in (1, 8):
        answers = colors.predict_many(source(), batch_size=batch_size)
        assert isinstance(next(answers), pocketlens.Prediction)
        with pytest.raises(RuntimeError, match="the camera is gone"):
            next(answers)


def test_threads_that_share_an_iterator_are_told(colors: pocketlens.Classifier) -> None:
    answers = colors.predict_many(plain(255, 0, 0) for _ in range(300))

    def take() -> str:
        try:
            return str(len(list(answers)))
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        outcomes = [future.result() for future in [pool.submit(take) for _ in range(4)]]
    assert all(text.isdecimal() or "already executing" in text for text in outcomes), outcomes


def test_answers_of_a_slow_source_are_not_held_back(colors: pocketlens.Classifier) -> None:
    given: list[int] = []

    def camera() -> Iterator[Any]:
        for number in range(50):
            given.append(number)
            time.sleep(0.02)
            yield plain(255, 0, 0)

    answers = colors.predict_many(camera(), batch_size=1, workers=2)
    next(answers)
    assert len(given) < 8
    answers.close()
    assert len(given) < 8


@pytest.mark.parametrize("odd", [0, -1, 1.5, "2", True])
def test_settings_out_of_range(colors: pocketlens.Classifier, odd: Any) -> None:
    for name in ("batch_size", "workers"):
        with pytest.raises(SettingError, match=f"{name}={odd!r}, expected a whole number above 0"):
            colors.predict_many([], **{name: odd})


@pytest.mark.parametrize("one", ["photo.jpg", b"", Path("photo.jpg"), plain(1, 2, 3)])
def test_a_single_picture_is_no_iterable(colors: pocketlens.Classifier, one: Any) -> None:
    with pytest.raises(InputTypeError, match="expected an iterable of pictures"):
        colors.predict_many(one)


def test_source_is_read_as_it_is_needed() -> None:
    read = []

    def source() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            yield number

    answers = map_in_order(lambda number: number * 2, source(), 2)
    assert [next(answers) for _ in range(10)] == list(range(0, 20, 2))
    assert len(read) < 30
    answers.close()  # type: ignore[attr-defined]
    assert len(read) < 30


def test_what_was_not_begun_at_the_end_is_not_begun() -> None:
    begun, go_on = [], threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            go_on.wait(10)
        return number

    answers = map_in_order(work, range(100), 1)
    assert next(answers) == 0
    threading.Timer(0.05, go_on.set).start()
    answers.close()  # type: ignore[attr-defined]
    assert len(begun) <= 2

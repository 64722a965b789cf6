from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("scipy")
pytest.importorskip("onnx")
pytest.importorskip("tqdm")

import pocketlens_export.evaluation as evaluation_module
from pocketlens.metadata.conversion import Int8
from pocketlens_export.evaluation import compare
from pocketlens_export.inference import Answers
from pocketlens_export.int8_gate import Int8Error, check_int8

Numbers = npt.NDArray[np.float64]


def sure_of(classes: Any, score: Any) -> Numbers:
    """Probabilities of three classes: `score` for these, the rest shared."""
    classes = np.asarray(classes)
    score = np.broadcast_to(score, classes.shape)
    answers = np.repeat((1 - score)[:, None] / 2, 3, axis=1)
    answers[np.arange(len(classes)), classes] = score
    return answers


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Any:
    def compared(truth: Any, before: Numbers, after: Numbers, ratio: float = 0.6) -> Int8:
        monkeypatch.setattr(evaluation_module, "latency_ratio", lambda *_: ratio)
        plain, quantized = (Answers(each, np.zeros(len(each))) for each in (before, after))
        return compare(plain, quantized, np.asarray(truth), (b"12", b"1"))

    return compared


def test_close_answers_may_flip(found: Any) -> None:
    """Three of 120, as often right as wrong, which is what noise does to a small folder."""
    truth = np.arange(120) % 3
    before = sure_of(truth, np.where(np.arange(120) < 9, 0.38, 0.9))
    before[2] = sure_of([0], 0.38)
    after = before.copy()
    after[:2] = sure_of((truth[:2] + 1) % 3, 0.38)
    after[2] = sure_of(truth[2:3], 0.38)
    record = found(truth, before, after)
    assert record.labels_flipped == 3 / 120
    assert record.close_answers == 9 / 120
    check_int8(record)
    rows = dict(record.rows())
    assert rows["labels flipped"] == "2.50%; 7.50% of the answers were close in float"
    assert rows["less accurate by chance"] == "p = 0.50 (McNemar)"


def test_sure_answers_may_not_flip(found: Any) -> None:
    truth = np.arange(120) % 3
    before = sure_of((truth + (np.arange(120) < 60)) % 3, 0.9)
    after = before.copy()
    flipped = [0, 1, 2, 3, 60, 61, 62]
    after[flipped] = sure_of((before[flipped].argmax(axis=1) + 1) % 3, 0.9)
    with pytest.raises(Int8Error, match=r"flips 7 of 120 labels, 5\.83% \(about 0\.50% allowed"):
        check_int8(found(truth, before, after))


def test_loss_of_accuracy_beyond_chance(found: Any) -> None:
    truth = np.arange(120) % 3
    close = sure_of(truth, 0.36)
    for lost, refused in ((4, False), (5, True)):
        after = close.copy()
        after[:lost] = sure_of((truth[:lost] + 1) % 3, 0.36)
        record = found(truth, close, after)
        assert record.accuracy_p_value == pytest.approx(0.5**lost)
        if refused:
            with pytest.raises(
                Int8Error, match=r"accuracy is 95\.83%, in float 100\.00%.*p = 0\.031"
            ):
                check_int8(record)
        else:
            check_int8(record)


def test_log_loss(found: Any) -> None:
    """Surely higher is refused from .02 on; higher in one picture of all is chance."""
    truth = np.zeros(300, int)
    random = np.random.default_rng(0)
    score = random.uniform(0.5, 0.95, 300)
    before = sure_of(truth, score)
    check_int8(found(truth, before, sure_of(truth, score * np.exp(-0.019))))
    with pytest.raises(
        Int8Error, match=r"log loss is 0\.\d+, in float 0\.\d+ \(at most 0\.02 more"
    ):
        check_int8(found(truth, before, sure_of(truth, score * np.exp(-0.022))))
    after = before.copy()
    after[0] = sure_of([1], 0.999)
    record = found(truth, before, after)
    assert record.log_loss[1] - record.log_loss[0] > 0.02
    check_int8(record)


def test_calibration(found: Any) -> None:
    """Answers that are right as often as they say, and the same made too sure."""
    random = np.random.default_rng(0)
    truth = np.zeros(1000, int)
    answered = (random.uniform(size=1000) > 0.75).astype(int)
    before = sure_of(answered, 0.75)
    for sure, refused in ((0.76, False), (0.85, True)):
        record = found(truth, before, sure_of(answered, sure))
        assert record.labels_flipped == 0
        if refused:
            with pytest.raises(Int8Error, match=r"calibration error is .* \(at most 0\.02 more"):
                check_int8(record)
        else:
            check_int8(record)


def test_equal_answers_pass_unless_they_take_as_long(found: Any) -> None:
    truth = np.arange(6) % 3
    answers = sure_of(truth, 0.9)
    record = found(truth, answers, answers)
    assert record.accuracy_p_value == record.log_loss_p_value == record.calibration_p_value == 1
    check_int8(record)
    with pytest.raises(Int8Error, match=r"it takes 1\.00 times as long as float.*without --int8"):
        check_int8(found(truth, answers, answers, ratio=1.0))


def test_every_reason_is_named(found: Any) -> None:
    truth = np.arange(120) % 3
    after = sure_of((truth + (np.arange(120) < 40)) % 3, 0.99)
    with pytest.raises(
        Int8Error, match=r"accuracy is .* log loss is .* calibration error .* flips"
    ):
        check_int8(found(truth, sure_of(truth, 0.9), after))

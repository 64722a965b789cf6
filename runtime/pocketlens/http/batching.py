"""The pictures that wait for an answer, and the threads that give it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter

from pocketlens.classifier import Classifier
from pocketlens.errors import PocketLensError
from pocketlens.http.explanation import explanation
from pocketlens.http.limits import MAX_BATCH, MAX_WAITING, MAX_WAITING_BYTES
from pocketlens.http.problems import Problem
from pocketlens.pictures.decoding import ImageInput
from pocketlens.pictures.preprocessing import decode_for
from pocketlens.prediction import Prediction


@dataclass(frozen=True)
class Answer:
    """What one picture got.

    Attributes:
        result: The answer, or why there is none.
        milliseconds: From when the picture was there until it was answered.
        explanation: See there; None where it was not asked for.
    """

    result: Prediction | PocketLensError
    milliseconds: float
    explanation: str | None = None


class _Request:
    """The pictures of one request; only the event loop's thread changes it."""

    def __init__(self, pictures: int) -> None:
        self.begun = perf_counter()
        self.loop = asyncio.get_running_loop()
        self.answers: list[Answer | None] = [None] * pictures
        self.unanswered = pictures
        self.future: asyncio.Future[list[Answer]] = self.loop.create_future()


@dataclass(eq=False)
class _Picture:
    model: Classifier
    image: bytes
    explain: bool
    request: _Request
    index: int


class AnswerQueue:
    """Answers pictures on some threads, several together where several wait.

    A thread that is free takes what is there at once: no picture waits for others to come.

    Attributes:
        waiting: Pictures without an answer so far.
    """

    def __init__(self, threads: int) -> None:
        self.waiting = 0
        self._waiting_bytes = 0
        self._queue: SimpleQueue[_Picture | None] = SimpleQueue()
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def is_full(self) -> bool:
        """Whether the next picture would be refused."""
        return self.waiting >= MAX_WAITING or self._waiting_bytes >= MAX_WAITING_BYTES

    def submit(
        self, model: Classifier, images: Sequence[bytes], explain: bool = False
    ) -> asyncio.Future[list[Answer]]:
        """Puts a request's pictures in; on the event loop's thread. Cancelling it takes them out.

        Raises:
            Problem: 429, too many wait already.
        """
        size = sum(map(len, images))
        full = self.waiting + len(images) > MAX_WAITING
        if full or (self.waiting and self._waiting_bytes + size > MAX_WAITING_BYTES):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{self.waiting} pictures wait for an answer, {MAX_WAITING} may; come back later",
            )
        self.waiting += len(images)
        self._waiting_bytes += size
        request = _Request(len(images))
        for index, image in enumerate(images):
            self._queue.put(_Picture(model, image, explain, request, index))
        return request.future

    def close(self) -> None:
        """Stops the threads once all that waits is answered."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while picture := self._queue.get():
            batch = [picture, *self._more()]
            wanted = [each for each in batch if not each.request.future.cancelled()]
            for model in {each.model for each in wanted}:
                self._answer(model, [each for each in wanted if each.model is model])
            gone = [each for each in batch if each not in wanted]
            if gone:
                gone[0].request.loop.call_soon_threadsafe(self._deliver, gone, None)

    def _more(self) -> list[_Picture]:
        # The other threads have their share of what waits.
        room = min(MAX_BATCH, -(-self.waiting // len(self._threads))) - 1
        more: list[_Picture] = []
        while len(more) < room:
            try:
                picture = self._queue.get_nowait()
            except Empty:
                break
            if picture is None:
                self._queue.put(None)
                break
            more.append(picture)
        return more

    def _answer(self, model: Classifier, batch: list[_Picture]) -> None:
        answers: list[Answer] | Exception
        try:
            answers = _answers(model, batch)
        except Exception as error:  # whatever it is, who asked is to know
            answers = error
        batch[0].request.loop.call_soon_threadsafe(self._deliver, batch, answers)

    def _deliver(self, batch: list[_Picture], answers: list[Answer] | Exception | None) -> None:
        self.waiting -= len(batch)
        self._waiting_bytes -= sum(len(picture.image) for picture in batch)
        for number, picture in enumerate(batch):
            request = picture.request
            if request.future.done() or answers is None:
                continue
            if isinstance(answers, Exception):
                request.future.set_exception(answers)
                continue
            request.answers[picture.index] = answers[number]
            request.unanswered -= 1
            if not request.unanswered:
                request.future.set_result([each for each in request.answers if each])


def _answers(model: Classifier, batch: list[_Picture]) -> list[Answer]:
    images = [_prepared(picture) for picture in batch]
    readable = [image for image in images if not isinstance(image, PocketLensError)]
    results = iter(model.predict_each(readable, explain=any(each.explain for each in batch)))
    answers = []
    for picture, image in zip(batch, images, strict=True):
        result = image if isinstance(image, PocketLensError) else next(results)
        shown = None
        if picture.explain and isinstance(result, Prediction):
            assert not isinstance(image, PocketLensError)
            shown = explanation(model, image, result)
        answers.append(Answer(result, (perf_counter() - picture.request.begun) * 1000, shown))
    return answers


def _prepared(picture: _Picture) -> ImageInput | PocketLensError:
    """The pixels of what is to be explained, which are needed twice; else the picture."""
    if not picture.explain:
        return picture.image
    try:
        return decode_for(picture.image, picture.model.metadata.preprocessing, picture.model.limits)
    except PocketLensError as error:
        return error

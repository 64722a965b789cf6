"""What the routes share: the models, the queue of pictures, the metrics, who may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pocketlens.classifier import Classifier
from pocketlens.engine.cores import usable_cores
from pocketlens.engine.model_file import read_model
from pocketlens.errors import ModelError, SettingError
from pocketlens.http.batching import Answer, AnswerQueue
from pocketlens.http.limits import MAX_WAITING
from pocketlens.http.metrics import Metrics
from pocketlens.http.problems import Problem
from pocketlens.loading import load_model
from pocketlens.tools.selftest import selftest


@dataclass
class Service:
    """Answers for pictures by one of some models.

    Attributes:
        models: By name; the first one answers where a request names none.
        failed: What the self-tests found, "" for nothing.
        authorization: The Authorization header that requests must have, such as "Bearer ..." or
            "Basic ..."; None: everybody may ask.
        metrics: None: they are not kept.
    """

    models: Mapping[str, Classifier]
    failed: str = ""
    authorization: str | None = None
    metrics: Metrics | None = None
    queue: AnswerQueue = field(default_factory=lambda: AnswerQueue(usable_cores()))

    def model(self, name: str | None) -> tuple[str, Classifier]:
        """The model of that name, or the first one.

        Raises:
            Problem: 404.
        """
        name = next(iter(self.models)) if name is None else name
        if name not in self.models:
            raise Problem(
                HTTPStatus.NOT_FOUND,
                f"no model {name!r:.100}, there is {', '.join(map(repr, self.models))}",
            )
        return name, self.models[name]

    def check_ready(self) -> None:
        """Whether pictures are answered, and rightly.

        Raises:
            Problem: 503.
        """
        if self.failed:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, self.failed)
        if self.queue.is_full:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{self.queue.waiting} pictures wait for an answer, {MAX_WAITING} may",
            )

    async def answer(
        self,
        name: str,
        images: Sequence[bytes],
        receive: Callable[[], Awaitable[Any]],
        explain: bool = False,
    ) -> list[Answer]:
        """The answers of a model, in the order of the pictures.

        Args:
            name: The model's.
            images: The bytes of picture files.
            receive: Returns when the client has gone; then its pictures are not answered.
            explain: Whether answers have an activation map.

        Raises:
            Problem: 429, or 400 where the client has gone.
        """
        future = self.queue.submit(self.models[name], images, explain)
        if self.metrics:
            self.metrics.waiting.set(self.queue.waiting)
        answers = await _unless_gone(future, receive)
        if self.metrics:
            self.metrics.waiting.set(self.queue.waiting)
            self.metrics.count(name, [answer.result for answer in answers])
        return answers


def load_models(paths: Sequence[Path]) -> tuple[dict[str, Classifier], str]:
    """Loads models, each by the name of its file, and has each tested.

    Returns:
        The models, and what the tests found: "" where all passed.

    Raises:
        PocketLensError: A model cannot be loaded, or two have one name.
    """
    models: dict[str, Classifier] = {}
    failed = []
    for path in paths:
        if path.stem in models:
            raise SettingError(f"{path}: another model is called {path.stem!r}, too; rename one")
        content = read_model(path)
        try:
            models[path.stem] = model = load_model(content)
            checks = selftest(model, content) if model.metadata.selftest else []
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
        failed += [f"{path.stem}: {check.message}" for check in checks if not check.passed]
    return models, "; ".join(failed)


async def _unless_gone(
    future: asyncio.Future[list[Answer]], receive: Callable[[], Awaitable[Any]]
) -> list[Answer]:
    gone = asyncio.ensure_future(receive())
    try:
        await asyncio.wait({future, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            raise Problem(HTTPStatus.BAD_REQUEST, "the client is gone")
        return future.result()
    finally:
        gone.cancel()
        future.cancel()

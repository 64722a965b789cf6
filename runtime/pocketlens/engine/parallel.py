"""A function over many things, on several threads, in order and in constant memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """Yields function(item) for each item, in their order, each as soon as it is there.

    At most four items for each worker are taken before their results are asked for. An error of
    `items` itself is raised after the results of what came before it. What is not begun when the
    generator is closed is not begun at all.

    Args:
        function: Called on a worker's thread.
        items: Read on the thread that asks for results, as they are needed.
        workers: Threads; fewer where the system allows fewer, and the calling one where it allows
            none.
    """
    source = iter(items)
    pool, workers = _started_pool(workers)
    if pool is None:
        yield from map(function, source)
        return
    waiting: deque[Future[Result]] = deque()
    failure = None
    try:
        while failure is None:
            try:
                item = next(source)
            except Exception as error:
                failure = error
            else:
                waiting.append(pool.submit(function, item))
            while waiting and (failure or len(waiting) == _AHEAD * workers or waiting[0].done()):
                yield waiting.popleft().result()
        if not isinstance(failure, StopIteration):
            raise failure
    finally:
        pool.shutdown(cancel_futures=True)


def _started_pool(workers: int) -> tuple[ThreadPoolExecutor | None, int]:
    """A pool whose threads have all been started, and their number, `workers` at most."""
    while workers:
        pool = ThreadPoolExecutor(workers)
        all_are_there = Event()
        started = 0
        try:
            while started < workers:
                # It keeps the thread that takes it, so that the next one has to start another.
                pool.submit(all_are_there.wait)
                started += 1
            return pool, workers
        except RuntimeError:  # can't start new thread
            workers = started
        finally:
            all_are_there.set()
        pool.shutdown()
    return None, 0

"""A function over many things, on several threads, in order and in constant memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """Yields function(item) for each item, in their order.

    At most four items for each worker are taken before their results are asked for. What a
    generator's end leaves undone is not begun.

    Args:
        function: Called on a worker's thread.
        items: Read on the thread that asks for results, as they are needed.
        workers: Threads.
    """
    source = iter(items)
    pool = ThreadPoolExecutor(workers)
    try:
        waiting: deque[Future[Result]] = deque(
            pool.submit(function, item) for item in islice(source, _AHEAD * workers)
        )
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(function, item) for item in islice(source, 1))
    finally:
        pool.shutdown(cancel_futures=True)

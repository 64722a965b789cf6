"""What TensorFlow must find on a machine: without it, it aborts in native code."""

from __future__ import annotations

import tempfile
import threading

from pocketlens.cores import affinity_cores
from pocketlens.errors import FileError, SettingError


def check_tensorflow_needs() -> None:
    """Refuses a machine on which TensorFlow cannot start; call it before the import.

    Raises:
        FileError: No temporary file can be written.
        SettingError: Too few threads are allowed.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise FileError(
            f"no temporary file can be written ({error.strerror}); set TMPDIR to a folder that "
            "can be written"
        ) from error
    cores = affinity_cores()
    # Counted while training and exporting, on one and on two cores.
    needed = 8 + 6 * cores
    started = _start_threads(needed)
    if started < needed:
        raise SettingError(
            f"{started} more threads are allowed here, TensorFlow needs about {needed} on {cores} "
            "core(s); raise the limit (ulimit -u, docker --pids-limit) or use fewer cores "
            "(taskset -c 0)"
        )


def _start_threads(count: int) -> int:
    """How many of so many threads can be started at once; all end before it returns."""
    end = threading.Event()
    threads = [threading.Thread(target=end.wait) for _ in range(count)]
    started = 0
    try:
        for thread in threads:
            thread.start()
            started += 1
    except RuntimeError:
        pass
    finally:
        end.set()
        for thread in threads[:started]:
            thread.join()
    return started

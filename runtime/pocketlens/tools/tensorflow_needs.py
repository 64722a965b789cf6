"""What TensorFlow must find on a machine: without it, it aborts in native code."""

from __future__ import annotations

import tempfile

from pocketlens.engine.cores import affinity_cores, startable_threads
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
    started = startable_threads(needed)
    if started < needed:
        raise SettingError(
            f"{started} more threads are allowed here, TensorFlow needs about {needed} on {cores} "
            "core(s); raise the limit (ulimit -u, docker --pids-limit) or use fewer cores "
            "(taskset -c 0)"
        )

"""Where few threads are allowed, numpy and OpenCV must not start one for each core.

To be imported before them. The environment variables hold for child processes, too.
"""

import os
import sys

from pocketlens.engine.cores import affinity_cores, startable_threads

_MOST = 64
"""Threads that the OpenBLAS of their wheels starts at most."""


def _leave_threads() -> None:
    # Each has an OpenBLAS of its own, which starts them on import; where it cannot, the process
    # is ended by SIGINT.
    wanted = 2 * min(affinity_cores(), _MOST)
    if "cv2" not in sys.modules and startable_threads(wanted) < wanted:
        for name in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
            os.environ.setdefault(name, "1")


if sys.platform == "linux":
    _leave_threads()

"""Where few threads are allowed, numpy and OpenCV must not start one for each core.

To be imported before them.
"""

import os
import sys

from pocketlens.cores import affinity_cores, startable_threads


def _leave_threads() -> None:
    # Each has an OpenBLAS of its own, which starts them on import; where it cannot, the process
    # is ended by SIGINT.
    cores = affinity_cores()
    if "cv2" not in sys.modules and startable_threads(2 * cores) < 2 * cores:
        for name in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
            os.environ.setdefault(name, "1")


if sys.platform == "linux":
    _leave_threads()

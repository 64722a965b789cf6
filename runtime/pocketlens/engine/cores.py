"""How many cores and threads this process may use."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from threading import Event, Thread


def usable_cores() -> int:
    """Cores by affinity and by the container's quota, whichever is less; at least 1."""
    quota = cpu_quota()
    cores = affinity_cores()
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def affinity_cores() -> int:
    """Cores that the scheduler may put this process on (taskset, Slurm, cpusets)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def startable_threads(count: int) -> int:
    """How many threads, of so many, the system lets this process start now (ulimit, pids limit)."""
    end, started = Event(), []
    try:
        for _ in range(count):
            thread = Thread(target=end.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:  # can't start new thread
        pass
    finally:
        end.set()
    for thread in started:
        thread.join()
        _wait_until_forgotten(thread)
    return len(started)


def _wait_until_forgotten(thread: Thread) -> None:
    """A thread that has ended still counts, until Linux has taken it off its list."""
    task, given_up = Path(f"/proc/self/task/{thread.native_id}"), time.monotonic() + 1
    while task.exists() and time.monotonic() < given_up:
        time.sleep(0.001)


def cpu_quota(root: Path = Path("/")) -> float | None:
    """Cores' worth of time that the control group grants (docker --cpus); None for no limit.

    Args:
        root: Where proc/ and sys/ are.
    """
    found = []
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in groups:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root / "sys/fs/cgroup" / (controllers and "cpu")
        # In a container the path is often that of the host, and its limit stands at the top.
        group = base / path.lstrip("/")
        for folder in (group, *(p for p in group.parents if p.is_relative_to(base))):
            limit = _limit_v1(folder) if controllers else _limit_v2(folder)
            found += [] if limit is None else [limit]
    return min(found, default=None)


def _limit_v2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _limit_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
        return quota / period if quota > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None

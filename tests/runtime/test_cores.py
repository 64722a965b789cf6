from __future__ import annotations

import os
from pathlib import Path

import pytest

from pocketlens.engine import cores
from pocketlens.engine.cores import affinity_cores, cpu_quota, usable_cores


def system(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    for name, text in {"proc/self/cgroup": cgroup, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ("0::/\n", {}, None),
        ("0::/a/b\n", {"sys/fs/cgroup/a/cpu.max": "50000 100000\n"}, 0.5),
        # The path is that of the host, the limit stands where the container sees it.
        ("0::/host/slice\n", {"sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3),
        (
            "0::/a\n",
            {"sys/fs/cgroup/cpu.max": "400000 100000", "sys/fs/cgroup/a/cpu.max": "200000 100000"},
            2,
        ),
        (
            "4:memory:/x\n1:cpu,cpuacct:/x\n0::/\n",
            {
                "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "250000",
                "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000",
            },
            2.5,
        ),
        (
            "1:cpu:/\n",
            {
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            None,
        ),
        *(
            ("0::/\n", {"sys/fs/cgroup/cpu.max": text}, None)
            for text in ("nonsense\n", "a b\n", "1 0\n", "")
        ),
        ("nonsense\n", {}, None),
    ],
)
def test_quota_of_the_control_group(
    cgroup: str, files: dict[str, str], expected: float | None, tmp_path: Path
) -> None:
    assert cpu_quota(system(tmp_path, cgroup, files)) == expected


def test_no_control_groups(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) is None


@pytest.mark.parametrize(
    ("quota", "affinity", "expected"),
    [(None, 4, 4), (1.5, 4, 2), (0.1, 4, 1), (8.0, 4, 4)],
)
def test_the_lesser_of_quota_and_affinity_counts(
    quota: float | None, affinity: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "cpu_quota", lambda: quota)
    monkeypatch.setattr(cores, "affinity_cores", lambda: affinity)
    assert usable_cores() == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux")
def test_affinity_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert affinity_cores() == 1
    finally:
        os.sched_setaffinity(0, before)

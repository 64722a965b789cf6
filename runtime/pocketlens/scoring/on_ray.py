"""The parts of a run, answered by the nodes of a Ray cluster.

What passes through Ray is the numbers of parts: each actor reads the pictures and writes the part
by itself, as one job alone does. So the object store holds nothing of note, the files are the same,
and a part that a lost node had begun is done again by another without a trace of it.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pocketlens.errors import FileError, FileMissingError, PocketLensError, SettingError
from pocketlens.extras import requires_extra
from pocketlens.scoring import LOCAL
from pocketlens.scoring.manifest import MANIFEST, versions
from pocketlens.scoring.scoring import Job, Part, Scored

_OBJECT_STORE = 100_000_000
_SECONDS_TO_ANSWER = 5
_PACKAGES = ("pocketlens", "onnxruntime", "numpy", "opencv-python-headless", "ray")


class PartScorer:
    """What each actor runs: the model, and the way to the pictures and the output folder."""

    def __init__(self, job: Job, folder: Path, here: Path, expected: Mapping[str, str]) -> None:
        """Takes what the driver has.

        Args:
            job: Its parts are written.
            folder: The output folder.
            here: The driver's working directory, for relative paths.
            expected: The driver's versions.
        """
        self._job, self._folder, self._here, self._expected = job, folder, here, expected

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Answers a part, with one thread; returns what was written, or the error."""
        part = int(batch["number"][0]), int(batch["start"][0])
        row = {"number": part[0], "pictures": 0, "failed": 0, "error": "", "errno": 0}
        try:
            self._check_node()
            row |= asdict(next(self._job.score([part], workers=1)))
        except PocketLensError as error:
            # Ray would make a text of it, a traceback.
            row["error"] = f"node {socket.gethostname()}: {error}"
            row["errno"] = getattr(error.__cause__, "errno", None) or 0
        return {key: [value] for key, value in row.items()}

    def _check_node(self) -> None:
        if (found := versions()) != self._expected:
            raise SettingError(f"has {found}, expected {dict(self._expected)} as the others")
        try:
            os.chdir(self._here)
        except OSError as error:
            raise FileMissingError(
                f"{self._here}: no such folder, expected one that all nodes see"
            ) from error
        if not (self._folder / MANIFEST).exists():
            raise FileMissingError(
                f"{self._folder}: holds no {MANIFEST}, expected a folder that all nodes see"
            )


def score_on_ray(job: Job, parts: Sequence[Part], folder: Path, address: str) -> Iterator[Scored]:
    """Answers parts on all cores of a cluster, as Job.score() does.

    Args:
        job: Whose parts they are.
        parts: Of its missing().
        folder: The output folder.
        address: Of the cluster, such as 10.0.0.1:6379 or auto; LOCAL starts one here.

    Yields:
        What was written, as soon as it is there.

    Raises:
        SettingError: No cluster answers, or its nodes have other versions.
        FileError: As Job.score() does, on any node.
        PocketLensError: Ray itself fails.
        MissingExtraError: Ray is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    with requires_extra("ray", "ray", "pyarrow"):
        import ray
        import ray.data
    with _cluster(ray, address), _one_error(ray):
        if not parts:
            return
        _check_nodes(ray)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        cores = int(ray.cluster_resources().get("CPU", 1))
        actors = max(1, min(cores, len(parts)))
        rows = [{"number": number, "start": start} for number, start in parts]
        scored = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            PartScorer,
            fn_constructor_args=(job, folder.resolve(), Path.cwd(), versions()),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=1),
            # Half of a core is free for the actors of a lost node: Ray waits until they start.
            num_cpus=0.5,
        )
        for row in scored.iter_rows():
            error, number = row.pop("error"), row.pop("errno")
            if error:
                raise FileError(error) from OSError(number, error)
            yield Scored(**row)


@contextmanager
def _cluster(ray: Any, address: str) -> Iterator[None]:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == LOCAL:
        quiet |= {"include_dashboard": False, "object_store_memory": _OBJECT_STORE}
        quiet |= {"_node_ip_address": "127.0.0.1"}
    else:
        _check_answers(address)
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise SettingError(
            f"--ray {address}: Ray does not start ({_first_line(error)}); all nodes need the same "
            "versions of Ray and Python, and the same token (RAY_AUTH_MODE, RAY_AUTH_TOKEN_PATH)"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _check_answers(address: str) -> None:
    """Ray itself would wait for long, and then end the process."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if not port.isdecimal():  # auto: a file says where it is
        return
    try:
        socket.create_connection((host, int(port)), _SECONDS_TO_ANSWER).close()
    except OSError as error:
        raise SettingError(
            f"--ray {address}: nothing answers there ({error}), expected the address that "
            "`ray start --head` prints"
        ) from error


def _check_nodes(ray: Any) -> None:
    """Before any work: a node that lacks a package could not even say so later."""

    def found(packages: Sequence[str]) -> dict[str, str | None]:
        from importlib.metadata import PackageNotFoundError, version

        there: dict[str, str | None] = {}
        for package in packages:
            try:
                there[package] = version(package)
            except PackageNotFoundError:
                there[package] = None
        return there

    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    expected = found(_PACKAGES)
    ask = ray.remote(num_cpus=0, max_retries=0)(found)
    nodes = {node["NodeID"]: node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]}
    asked = {
        node: ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
        ).remote(_PACKAGES)
        for node in nodes
    }
    for node, answer in asked.items():
        there = ray.get(answer)
        for package, wanted in expected.items():
            if there[package] != wanted:
                raise SettingError(
                    f"node {nodes[node]} has {package} {there[package] or 'not'}, expected "
                    f"{wanted} as here; install the same on all nodes"
                )


@contextmanager
def _one_error(ray: Any) -> Iterator[None]:
    try:
        yield
    except ray.exceptions.RayError as error:
        raise PocketLensError(
            f"Ray: {_first_line(error)}; what is written stays: run the same command again"
        ) from error


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)

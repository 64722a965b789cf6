"""A classifier that was loaded before a fork, or is sent to another process."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import pocketlens
from builders import plain
from pocketlens.engine import network
from pocketlens.engine.session import create_session

FORKS = """
import contextlib, json, os, signal, sys, threading
import cv2, numpy as np, pocketlens

threads = int(sys.argv[1])
model = pocketlens.load_model(intra_op_num_threads=threads)
picture = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
# OpenCV has threads of its own too, and takes them for large pictures.
large = np.zeros((1500, 2000, 3), np.uint8)
expected = model.predict(picture)
model.predict(large)
list(model.predict_many([picture] * 20))
there, end, local = threading.Event(), threading.Event(), threading.local()


def other() -> None:
    # A fork ends this thread in the child, and destroys what only it refers to.
    local.model = pocketlens.load_model(intra_op_num_threads=threads)
    local.model.predict(picture)
    with contextlib.ExitStack() as locked:
        for each in {model._network, model._network_of_workers}:
            locked.enter_context(each._lock)
        there.set()
        end.wait()


def one() -> None:
    assert model.predict(picture) == expected


def explained() -> None:
    assert model.predict(picture, explain=True).activation_map is not None


def many() -> None:
    assert {answer.label for answer in model.predict_many([picture] * 20)} == {expected.label}


def two_classifiers() -> None:
    assert pocketlens.load_model(intra_op_num_threads=threads).predict(picture) == expected
    one()


def big() -> None:
    model.predict(large)


def dropped() -> None:
    global model
    del model


def nothing() -> None:
    pass


def grandchild() -> None:
    one()
    if status := child(one):
        sys.exit(status)


def child(work) -> int:
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        work()
        sys.exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


thread = threading.Thread(target=other)
thread.start()
there.wait()
works = (one, explained, many, two_classifiers, big, dropped, nothing, grandchild)
statuses = {work.__name__: child(work) for work in works}
end.set()
one()
print(json.dumps(statuses))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("threads", [1, 8])
def test_fork_after_load(threads: int) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS, str(threads)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    statuses = json.loads(done.stdout)
    assert len(statuses) == 8
    assert set(statuses.values()) == {0}, statuses
    assert done.stderr == ""


@pytest.mark.parametrize("threads", [1, 3])
def test_copies_answer_alike(colors_file: Path, threads: int) -> None:
    model = pocketlens.load_model(
        colors_file, intra_op_num_threads=threads, max_pixels=1000, providers=None
    )
    expected = model.predict(plain(200, 60, 0))
    copies = [pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)]
    for each in (copies[0], copies[1]):
        # What the file says of itself is there before a session is.
        assert each._network._session is None
        assert each.labels == model.labels and each.metadata == model.metadata
        assert each.providers == model.providers and each.limits == model.limits
        assert each.intra_op_num_threads == threads
    for each in copies:
        assert each.predict(plain(200, 60, 0)) == expected
        assert next(each.predict_many([plain(200, 60, 0)])) == expected
        options = each._network.start().get_session_options()
        assert options.intra_op_num_threads == threads
    assert len(pickle.dumps(model)) < 2 * len(colors_file.read_bytes()) + 5000


def test_a_session_starts_once(colors_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    created = []

    def counted(*settings: Any) -> Any:
        created.append(settings)
        return create_session(*settings)

    monkeypatch.setattr(network, "create_session", counted)
    model = pocketlens.load_model(colors_file)
    assert len(created) == 1
    twin = copy.deepcopy(model)
    assert len(created) == 1
    for _ in range(3):
        list(twin.predict_many([plain(1, 2, 3)] * 40))
        twin.predict(plain(1, 2, 3))
    assert len(created) == 2


def test_pool_of_processes(colors_file: Path) -> None:
    model = pocketlens.load_model(colors_file, intra_op_num_threads=4)
    model.predict(plain(1, 2, 3))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        answers = pool.map(model.predict, [plain(0, 90, 0), plain(255, 90, 0)])
        assert [answer.label for answer in answers] == ["green", "red"]

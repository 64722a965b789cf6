"""A model's network: its bytes, how they are run, and the session that runs them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping, Sequence
from copy import copy
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from pocketlens.engine.providers import Provider
from pocketlens.engine.session import create_session

_networks: WeakValueDictionary[int, Network] = WeakValueDictionary()
_of_the_parent: list[Any] = []


class Network:
    """What runs a model; it starts an onnxruntime session when it is first used.

    A copy, one that was unpickled and one in a forked process start a session of their own: a
    session's threads exist only in the process that started it.
    """

    def __init__(
        self,
        model: bytes,
        providers: Sequence[Provider] | None = None,
        intra_op_num_threads: int = 1,
        allow_spinning: bool = False,
    ) -> None:
        """Takes what create_session() takes."""
        self._settings = (model, copy(providers), intra_op_num_threads, allow_spinning)
        self._session: Any = None
        self._lock = Lock()
        _networks[id(self)] = self

    def start(self) -> Any:
        """The onnxruntime.InferenceSession.

        Raises:
            PocketLensError: As create_session() does.
        """
        with self._lock:
            if self._session is None:
                self._session = create_session(*self._settings)
            return self._session

    def run(self, outputs: Sequence[str] | None, inputs: Mapping[str, Any]) -> list[Any]:
        """The outputs of those names, None for all, as numpy arrays."""
        answers: list[Any] = (self._session or self.start()).run(outputs, inputs)
        return answers

    def with_one_thread(self) -> Network:
        """The same model with one thread for each inference."""
        return Network(*self._settings[:2])

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy: no session."""
        return Network, self._settings


def _before_fork() -> None:
    # The child loses the other threads, and with them what only they refer to.
    _of_the_parent.extend(_sessions())


def _after_fork_in_child() -> None:
    for session in [*_of_the_parent, *_sessions()]:
        # Its destructor would wait for threads that are not there, so it is never called.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(session))
    for network in list(_networks.values()):
        network._session, network._lock = None, Lock()


def _sessions() -> list[Any]:
    # Not values(): other threads may make and drop networks meanwhile.
    networks = [reference() for reference in _networks.valuerefs()]
    return [network._session for network in networks if network and network._session]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_of_the_parent.clear,
        after_in_child=_after_fork_in_child,
    )

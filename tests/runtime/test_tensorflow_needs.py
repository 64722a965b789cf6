from __future__ import annotations

import errno
import tempfile
import threading

import pytest

from pocketlens.errors import FileError, SettingError
from pocketlens.tools.tensorflow_needs import check_tensorflow_needs


def test_this_machine_will_do() -> None:
    before = threading.active_count()
    check_tensorflow_needs()
    assert threading.active_count() == before


def test_too_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    before, start = threading.active_count(), threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if threading.active_count() == before + 5:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    with pytest.raises(SettingError, match=r"^5 more threads are allowed here, .*ulimit -u"):
        check_tensorflow_needs()
    assert threading.active_count() == before


def test_no_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(FileError, match=r"in \['/tmp'\]\); set TMPDIR to a folder"):
        check_tensorflow_needs()

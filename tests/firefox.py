"""Firefox, driven by Mozilla's own Marionette."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

_PREFERENCES = {
    "browser.shell.checkDefaultBrowser": "false",
    "datareporting.policy.dataSubmissionEnabled": "false",
    "media.navigator.permission.disabled": "true",
    "media.navigator.streams.fake": "true",
    "remote.prefs.recommended": "true",
}
_SECONDS = 60


@contextmanager
def started(folder: Path) -> Iterator[Any]:
    """A session of Marionette; `folder` becomes the browser's profile.

    Skips the test where Firefox or its driver is not installed.
    """
    driver = pytest.importorskip("marionette_driver.marionette")
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("no Firefox is installed (Debian: apt install firefox-esr)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    preferences = _PREFERENCES | {"marionette.port": str(port)}
    lines = (f'user_pref("{name}", {value});\n' for name, value in preferences.items())
    (folder / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        try:
            _wait(port)
            session = driver.Marionette(host="127.0.0.1", port=port)
            session.start_session()
            session.timeout.implicit = session.timeout.script = _SECONDS
            yield session
            session.delete_session()
        finally:
            process.terminate()


def _wait(port: int) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)


def evaluate(session: Any, code: str, argument: Any = None) -> Any:
    """What a function, given as JavaScript, makes of the argument."""
    script = f"""
        const [argument, done] = arguments;
        Promise.resolve(({code})(argument)).then(done, (error) => done(`failed: ${{error}}`));
    """
    return session.execute_async_script(script, script_args=[argument], sandbox=None)

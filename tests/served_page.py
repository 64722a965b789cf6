from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import gradio_client


class Page:
    """`pocketlens demo` in a process of its own, as a user starts it."""

    def __init__(
        self,
        *options: str,
        command: list[str] | None = None,
        port: int | None = None,
        scheme: str = "http",
        **popen: Any,
    ) -> None:
        """Starts it and waits until it says its address.

        Args:
            options: Of the command.
            command: What to run in place of `pocketlens demo`.
            port: None takes a free one.
            scheme: http or https.
            popen: For subprocess.Popen().
        """
        self.port = port or free_port()
        if command is None:
            command = [str(Path(sys.executable).with_name("pocketlens")), "demo"]
            command += ["--port", str(self.port)]
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **{"env": os.environ | {"GRADIO_SERVER_PORT": str(self.port)}, **popen},
        )
        assert self.process.stdout is not None
        self._output = self.process.stdout
        self.lines: list[str] = []
        for line in self._output:
            self.lines.append(line)
            if "Ctrl-C" in line:
                break
        else:
            self.process.wait()
            raise AssertionError("".join(self.lines))
        # Else the pipe could fill and the page wait for its reader.
        self._reader = Thread(target=self.lines.extend, args=[self._output])
        self._reader.start()

    def connect(self, **options: Any) -> Any:
        """A client; to be closed."""
        return gradio_client.Client(self.url, verbose=False, **options)

    def kill(self) -> None:
        """Ends it at once, as a power cut does."""
        self.process.kill()
        self.close()

    def close(self) -> str:
        """Stops it; gives all that it has printed."""
        self.process.terminate()
        self.process.wait(timeout=20)
        self._reader.join()
        self._output.close()
        return "".join(self.lines)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def predict(client: Any, photo: Path) -> Any:
    return client.predict(gradio_client.handle_file(str(photo)), api_name="/predict")

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import gradio_client


class Page:
    """`pocketlens demo` in a process of its own, as a user starts it."""

    def __init__(self, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        script = Path(sys.executable).with_name("pocketlens")
        self.process = subprocess.Popen(
            [script, "demo", "--port", str(self.port), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.lines: list[str] = []
        for line in self.process.stdout:
            self.lines.append(line)
            if "127.0.0.1" in line:
                break
        if "127.0.0.1" not in self.lines[-1]:
            self.process.kill()
            self.process.communicate()
            raise AssertionError("".join(self.lines))
        self.client = gradio_client.Client(f"http://127.0.0.1:{self.port}", verbose=False)

    def ask(self, photo: Path) -> Any:
        return self.client.predict(gradio_client.handle_file(str(photo)), api_name="/predict")

    def close(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.communicate(timeout=20)

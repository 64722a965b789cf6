from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class Server:
    """`pocketlens serve` in a process of its own, on a port that is free."""

    def __init__(self, *options: str, **popen: Any) -> None:
        """Starts it and waits until it answers."""
        command = [str(Path(sys.executable).with_name("pocketlens")), "serve", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **popen,
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
            self._output.close()
            raise AssertionError("".join(self.lines))
        (address,) = (line for line in self.lines if "/v1/predict" in line)
        self.url = address.split(" at ")[1].partition("/v1/predict")[0]
        self.port = int(self.url.rpartition(":")[2])
        self._reader = Thread(target=self.lines.extend, args=[self._output])
        self._reader.start()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> str:
        """Stops it; gives all that it has printed."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        finally:
            self.process.kill()
        self._reader.join()
        self._output.close()
        return "".join(self.lines)

    def ask(
        self, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (in lower case) and body; `_` stands for "-" in names of headers."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        try:
            response = urlopen(Request(self.url + path, body, named), timeout=20)
        except HTTPError as error:
            response = error
        with response:
            found = {key.lower(): value for key, value in response.headers.items()}
            return response.status, found, response.read()

    def json(self, path: str, body: bytes | None = None, **headers: str) -> Any:
        """The JSON of a response."""
        return json.loads(self.ask(path, body, **headers)[2])


def form(*files: tuple[str, bytes], field: str = "file") -> tuple[bytes, str]:
    """A multipart body and its content type."""
    named = f'\r\nContent-Disposition: form-data; name="{field}"; filename='
    parts = [f'--xyz{named}"{name}"\r\n\r\n'.encode() + content for name, content in files]
    return b"\r\n".join([*parts, b"--xyz--\r\n"]), "multipart/form-data; boundary=xyz"

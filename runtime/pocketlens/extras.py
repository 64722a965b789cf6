"""Parts that need more than the base install, and the pip line that brings them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pocketlens.errors import MissingExtraError


def install_line(extra: str) -> str:
    """The pip command that adds an extra to this installation, from where it came.

    A frozen application (`sys.frozen`) has no pip; the command is for who made it.
    """
    # They take as long to import as OpenCV, and are wanted for a message alone.
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    requirement = f"pocketlens[{extra}]"
    then = " where this application was frozen, and freeze it again" if is_frozen() else ""
    try:
        direct_url = distribution("pocketlens").read_text("direct_url.json")
    except PackageNotFoundError:
        direct_url = None
    if direct_url:
        origin = json.loads(direct_url)
        if origin.get("dir_info", {}).get("editable"):
            folder = url2pathname(urlsplit(origin["url"]).path)
            return f'pip install -e "{folder}[{extra}]"{then}'
        requirement += f" @ {origin['url']}"
    return f'pip install "{requirement}"{then}'


def is_frozen() -> bool:
    """Whether this is an application made by PyInstaller or its like, without pip and python."""
    return bool(getattr(sys, "frozen", False))


@contextmanager
def requires_extra(extra: str, *modules: str) -> Iterator[None]:
    """Guards the imports of an extra's libraries, which are kept from writing to stderr.

    Raises:
        MissingExtraError: One of `modules` is not installed; the message has the pip line.
    """
    try:
        with _closed_stderr():
            yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in modules:
            raise
        raise MissingExtraError(
            f"{missing} is not installed; run: {install_line(extra)}"
        ) from error


@contextmanager
def _closed_stderr() -> Iterator[None]:
    """TensorFlow's native code greets with five lines about this machine, and cannot be asked."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)

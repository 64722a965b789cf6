"""gr.Blocks that accept no files but uploads and camera frames, and show errors of pocketlens."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.routing import BaseRoute

from pocketlens.errors import PocketLensError
from pocketlens_demo.limits import MINUTES_KEPT

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_FRAME = re.compile(r"data:image/[\w.+-]+;base64,")


class CheckedBlocks(gr.Blocks):
    """gr.Blocks with checked inputs, and messages for the errors of its functions.

    Attributes:
        routes: What its server answers beside Gradio.
    """

    routes: Sequence[BaseRoute] = ()

    async def preprocess_data(self, block_fn: Any, inputs: Any, *more: Any, **named: Any) -> Any:
        """Raises an error for paths of this machine and for URLs, which Gradio would fetch."""
        if not isinstance(inputs, list) or len(inputs) < len(block_fn.inputs):
            raise gr.Error(
                f"Got {inputs!r:.100}, expected a list of {len(block_fn.inputs)}.",
                print_exception=False,
            )
        for file in _files(inputs):
            if not (is_upload(file) or _is_frame(file)):
                raise gr.Error(
                    f"Expected an uploaded file, which is kept for {MINUTES_KEPT} minutes: "
                    "upload it again.",
                    print_exception=False,
                )
        return await super().preprocess_data(block_fn, inputs, *more, **named)

    async def process_api(self, *more: Any, **named: Any) -> Any:
        """Shows the visitor what is wrong with a picture, or that the disk is full."""
        try:
            return await super().process_api(*more, **named)
        except PocketLensError as error:
            raise gr.Error(str(error), title="No answer", print_exception=False) from error
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            text = f"The server cannot store files ({error.strerror}). Try again later."
            raise gr.Error(text, print_exception=False) from error


def _files(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "path" in value or "url" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _files(item)


def is_upload(file: dict[str, Any]) -> bool:
    """Whether it is in the folder of uploads."""
    path = file.get("path")
    if not isinstance(path, str) or not path or "\0" in path:
        return False
    resolved = Path(path).resolve()
    return resolved.is_relative_to(Path(get_upload_folder()).resolve()) and resolved.is_file()


def _is_frame(file: dict[str, Any]) -> bool:
    url = file.get("url")
    return not file.get("path") and isinstance(url, str) and _FRAME.match(url) is not None

"""Writes the files of a Hugging Face Space that shows the page with a model."""

from __future__ import annotations

import json
import platform
import shutil
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import pocketlens
import pocketlens_demo
from pocketlens.engine.session import import_onnxruntime
from pocketlens.errors import FileError
from pocketlens.extras import requires_extra
from pocketlens.loading import BUNDLED_MODEL, load_model
from pocketlens.tools.card import render

_APP = '''\
"""Serves the model beside it: a copy of `pocketlens demo`."""

import os
from pathlib import Path

from pocketlens_demo.serving import serve

serve(
    [Path(__file__).with_name({model!r})],
    host=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
    port=int(os.environ.get("GRADIO_SERVER_PORT", "7860")),
)
'''

_HEADER = """\
---
title: {title}
emoji: 🔎
colorFrom: green
colorTo: blue
sdk: gradio
sdk_version: {gradio}
python_version: "{python}"
app_file: app.py
pinned: false
---

"""


def write_space(model_file: Path, folder: Path) -> None:
    """Writes app.py, requirements.txt, README.md, the model and the packages that run it.

    Args:
        model_file: The .onnx file.
        folder: A new folder; nothing is left of it after an error.

    Raises:
        PocketLensError: The model cannot be used, or the folder exists or cannot be made.
    """
    with requires_extra("demo", "gradio"):
        gradio = version("gradio")
    metadata = load_model(model_file).metadata
    if folder.exists():
        raise FileError(f"{folder}: exists already, expected a new folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as work:
            space = Path(work, "space")
            for package in (pocketlens, pocketlens_demo):
                source = Path(str(package.__file__)).parent
                shutil.copytree(source, space / source.name, ignore=_left_out)
            shutil.copy(model_file, space / model_file.name)
            card = render(model_file.name, model_file.stat().st_size, metadata)
            header = _HEADER.format(
                title=json.dumps(model_file.stem),
                gradio=gradio,
                python=".".join(platform.python_version_tuple()[:2]),
            )
            (space / "README.md").write_text(header + card, encoding="utf-8")
            (space / "app.py").write_text(_APP.format(model=model_file.name), encoding="utf-8")
            (space / "requirements.txt").write_text(_requirements(), encoding="utf-8")
            space.rename(folder)
    except OSError as error:
        raise FileError(f"{folder}: cannot be written ({error.strerror or error})") from error


def _left_out(folder: str, names: list[str]) -> set[str]:
    return {"__pycache__", "__pyinstaller", BUNDLED_MODEL.parent.name} & set(names)


def _requirements() -> str:
    """The installed versions; onnxruntime for the CPU: only paid Spaces have a GPU."""
    names = ("numpy", "opencv-python-headless", "gradio", "segno")
    versions = {name: version(name) for name in names}
    versions["onnxruntime"] = str(import_onnxruntime().__version__)
    return "".join(f"{name}=={number}\n" for name, number in versions.items())

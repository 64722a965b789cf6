"""The commands, which are found by entry point, and the metadata that `doctor` reads."""

from importlib.util import find_spec

from PyInstaller.utils.hooks import collect_entry_point, copy_metadata

from pocketlens.cli import COMMANDS
from pocketlens.engine.providers import installed_wheels

# TensorFlow takes 2 GB; a page without Gradio is none.
_LEFT_OUT = {"pocketlens_train", "pocketlens_export"}
if not find_spec("gradio"):
    _LEFT_OUT.add("pocketlens_demo")

datas, _modules = collect_entry_point(COMMANDS)
hiddenimports = [name for name in _modules if name.partition(".")[0] not in _LEFT_OUT]
for _package in ("cv2", "onnxruntime"):
    for _wheel in installed_wheels(_package):
        datas += copy_metadata(_wheel)

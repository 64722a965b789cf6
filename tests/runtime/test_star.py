"""The packages are a star: all import pocketlens, none another, and the runtime stays light."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TELEMETRY = "ORT_DISABLE_TELEMETRY"
ROOT = Path(__file__).parents[2]
PACKAGES = {
    "pocketlens": "runtime",
    "pocketlens_train": "train",
    "pocketlens_export": "export",
    "pocketlens_demo": "demo",
    "pocketlens_web": "demo",
}


def imports_of(folder: Path) -> Iterator[tuple[Path, str]]:
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((file, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield file, node.module or ""


@pytest.mark.parametrize(("package", "folder"), PACKAGES.items())
def test_imports_of_the_packages_are_a_star(package: str, folder: str) -> None:
    found = list(imports_of(ROOT / folder / package))
    assert found
    allowed = {"pocketlens", package}
    for file, module in found:
        top = module.partition(".")[0]
        assert top in allowed or top not in PACKAGES, f"{file} imports {module}"


def test_runtime_imports_its_base_alone_where_it_loads() -> None:
    """What needs more is imported in the function that needs it."""
    base = {*sys.stdlib_module_names, "pocketlens", "numpy", "cv2", "onnxruntime"}
    for file in (ROOT / "runtime" / "pocketlens").rglob("*.py"):
        if file.parent.name == "__pyinstaller":
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= base, f"{file} imports {names}"


def test_prediction_leaves_nothing_in_the_home_folder(photos: list[Path], tmp_path: Path) -> None:
    code = f"import pocketlens; pocketlens.load_model().predict({str(photos[0])!r})"
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    environment = {key: value for key, value in os.environ.items() if key != TELEMETRY} | home
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert list(tmp_path.iterdir()) == []


def test_prediction_loads_no_heavy_library(photos: list[Path]) -> None:
    code = (
        "import sys, pocketlens\n"
        "assert 'onnxruntime' not in sys.modules\n"
        f"pocketlens.load_model().predict({str(photos[0])!r})\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert {"pocketlens", "cv2", "onnxruntime", "numpy"} <= loaded
    heavy = {"tensorflow", "keras", "onnx", "gradio", "pandas", "PIL", "sklearn", "matplotlib"}
    assert not heavy & loaded

"""The wheel with [cpu] alone, on any system: install, selftest, the runtime's tests.

    python .ci/runtime.py [newest|lowest [TEST...]]

"lowest" takes the lowest version that pyproject.toml allows of each dependency.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
DIRECT = ("--requirements", "pyproject.toml", "--extra", "cpu")


def main() -> None:
    """Runs it all; see above."""
    which = sys.argv[1] if len(sys.argv) > 1 else "newest"
    if which not in ("newest", "lowest"):
        sys.exit(f"got {which!r}, expected newest or lowest")
    with TemporaryDirectory() as name:
        work = Path(name)
        venv.create(work / "env", with_pip=True)
        scripts = work / "env" / ("Scripts" if sys.platform == "win32" else "bin")
        python = scripts / "python"

        def run(*command: str) -> None:
            subprocess.run([str(python), *command], check=True, cwd=ROOT)

        def pip(*arguments: str) -> None:
            run("-m", "pip", *arguments, "--quiet")

        pip("wheel", "--no-deps", "--wheel-dir", str(work / "dist"), str(ROOT))
        [wheel] = (work / "dist").glob("*.whl")
        if which == "lowest":
            pip("install", "uv")
            run("-m", "uv", "pip", "install", "--resolution", "lowest-direct", *DIRECT)
        pip("install", f"{wheel}[cpu]", "pytest", "pytest-benchmark")
        run("-m", "pocketlens", "doctor")
        run("-m", "pocketlens", "selftest")
        run("-m", "pocketlens", "predict", "demo/pocketlens_demo/examples")
        run("-m", "pytest", *(sys.argv[2:] or ["tests/runtime"]))


if __name__ == "__main__":
    main()

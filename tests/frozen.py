"""Freezes three applications with PyInstaller, each as a folder and as one file, and runs them.

    python tests/frozen.py [--keep FOLDER]

In an environment with PyInstaller and pocketlens[cpu,demo]; it takes some minutes. They run with
no environment variables, in a folder that must stay empty. Prints sizes and seconds to the end of
the run, or to where the page says that it is up; ends with an error where one does not work.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio_client

import pocketlens
import pocketlens_demo
from served_page import Page, free_port, predict

PHOTO = Path(str(pocketlens_demo.__file__)).parent / "examples" / "pexels_cat.jpg"
SCRIPTS = {
    "script": """
import sys

import pocketlens

print(pocketlens.load_model().predict(sys.argv[1]))
""",
    "commands": """
import sys

from pocketlens.cli import main

sys.exit(main())
""",
    # Without freeze_support() each child would run the whole application, with children of its own.
    "children": """
import multiprocessing
import sys

import pocketlens


def label(photo):
    return pocketlens.load_model().predict(photo).label


if __name__ == "__main__":
    multiprocessing.freeze_support()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(label, sys.argv[1:]))
""",
}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="build there and leave it")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        work = (arguments.keep or Path(temporary, "work")).resolve()
        cwd = Path(temporary, "cwd")
        cwd.mkdir(mode=0o555)
        for mode in ("onedir", "onefile"):
            programs = {name: _freeze(name, work / mode, mode) for name in SCRIPTS}
            _check_script(programs["script"], cwd)
            _check_commands(programs["commands"], cwd)
            _check_page(programs["commands"], cwd)
            _check_children(programs["children"], cwd)
        assert not list(cwd.iterdir())
    print("all as it should be")


def _freeze(name: str, work: Path, mode: str) -> Path:
    work.mkdir(parents=True, exist_ok=True)
    (work / f"{name}.py").write_text(SCRIPTS[name])
    command = [sys.executable, "-m", "PyInstaller", f"--{mode}", "--noconfirm", "--clean"]
    subprocess.run([*command, "--log-level", "ERROR", f"{name}.py"], check=True, cwd=work)
    built = work / "dist" / name
    files = [path for path in built.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files or [built])
    print(f"{mode} {name}: {size / 1e6:.0f} MB", flush=True)
    return built / name if built.is_dir() else built


def _run(program: Path, cwd: Path, *arguments: str, status: int = 0) -> str:
    start = time.perf_counter()
    done = subprocess.run(
        [program, *arguments], cwd=cwd, env={}, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    print(f"    {program.name} {Path(arguments[0]).name}: {seconds:.1f} s", flush=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def _check_script(program: Path, cwd: Path) -> None:
    expected = str(pocketlens.load_model().predict(PHOTO))
    assert _run(program, cwd, str(PHOTO)).strip() == expected


def _check_commands(program: Path, cwd: Path) -> None:
    assert _run(program, cwd, "--version").strip() == f"pocketlens {pocketlens.__version__}"
    assert json.loads(_run(program, cwd, "predict", str(PHOTO), "--json"))["label"] == "cat"
    doctor = _run(program, cwd, "doctor")
    assert "0 problems" in doctor
    assert "no known wheel" not in doctor
    assert _run(program, cwd, "card").startswith("# Model card")
    assert "invalid choice: 'train'" in _run(program, cwd, "train", "folder", status=2)


def _check_page(program: Path, cwd: Path) -> None:
    start, port = time.perf_counter(), free_port()
    page = Page(command=[str(program), "demo", "--port", str(port)], cwd=cwd, env={})
    print(f"    {program.name} demo: {time.perf_counter() - start:.1f} s", flush=True)
    client = gradio_client.Client(f"http://127.0.0.1:{port}", verbose=False)
    try:
        assert predict(client, PHOTO)["label"] == "cat"
    finally:
        client.close()
        output = page.close()
    assert page.process.returncode == 143, output


def _check_children(program: Path, cwd: Path) -> None:
    labels = ast.literal_eval(_run(program, cwd, str(PHOTO), str(PHOTO)))
    assert labels == ["cat", "cat"]


if __name__ == "__main__":
    main()

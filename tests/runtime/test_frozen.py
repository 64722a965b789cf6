"""What a frozen application needs; tests/frozen.py makes and runs real ones."""

from __future__ import annotations

import runpy
import sys
from importlib.metadata import EntryPoint, EntryPoints, distribution, entry_points
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pocketlens import cli
from pocketlens.cli import main
from pocketlens.extras import install_line
from pocketlens.tools import bench, doctor


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What each hook declares, with a stand-in for PyInstaller that looks at what it is asked."""
    (entry_point,) = (
        each
        for each in entry_points(group="pyinstaller40", name="hook-dirs")
        if each.module.startswith("pocketlens")
    )
    folders = entry_point.load()()
    helpers = ModuleType("PyInstaller.utils.hooks")
    helpers.__dict__.update(
        collect_data_files=_data_files, copy_metadata=_metadata, collect_entry_point=_entry_point
    )
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, helpers.__name__, helpers)
    found = (file for folder in folders for file in Path(folder).glob("hook-*.py"))
    return {
        file.stem.removeprefix("hook-"): runpy.run_path(str(file))
        for file in found
        if "demo" not in file.name or find_spec("gradio")
    }


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec, package
    return Path(str(spec.origin)).parent


def _data_files(package: str, excludes: tuple[str, ...] = ()) -> list[str]:
    folder = _folder(package)
    for pattern in excludes:
        assert list(folder.glob(pattern)), f"{package} has no {pattern}"
    return [package]


def _metadata(name: str) -> list[str]:
    assert distribution(name)
    return [name]


def _entry_point(group: str) -> tuple[list[str], list[str]]:
    return ["pocketlens"], [each.module for each in entry_points(group=group)]


def test_hooks_name_what_there_is(hooks: dict[str, dict[str, Any]]) -> None:
    assert {"pocketlens", "pocketlens.cli"} <= set(hooks)
    for module, hook in hooks.items():
        named = (hook.get(key, ()) for key in ("hiddenimports", "module_collection_mode"))
        for name in chain([module], *named):
            assert find_spec(name), name


def test_hooks_bring_the_model_the_commands_and_metadata(hooks: dict[str, dict[str, Any]]) -> None:
    assert hooks["pocketlens"]["datas"] == ["pocketlens"]
    commands = hooks["pocketlens.cli"]
    names = set(commands["hiddenimports"])
    runtime = {"bench", "card", "doctor", "evaluate", "info", "predict", "selftest"}
    assert {f"pocketlens.cli.{name}" for name in runtime} <= names
    assert ("pocketlens_demo.cli" in names) == bool(find_spec("gradio"))
    assert not {"pocketlens_train.cli", "pocketlens_export.cli"} & names
    assert "pocketlens" in commands["datas"]
    assert any(name.startswith("opencv") for name in commands["datas"])


def test_hook_of_the_page_brings_its_files(hooks: dict[str, dict[str, Any]]) -> None:
    if not find_spec("gradio"):
        pytest.skip("gradio is not installed")
    hook = hooks["pocketlens_demo"]
    assert {"pocketlens_demo", "gradio", "gradio_client"} <= set(hook["datas"])
    assert hook["module_collection_mode"]["gradio"] == "py"


def test_commands_without_their_module_are_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = EntryPoint("info", "pocketlens.cli.info:configure", cli.COMMANDS)
    gone = EntryPoint("train", "pocketlens_gone.cli:configure", cli.COMMANDS)
    monkeypatch.setattr(cli, "entry_points", lambda group: EntryPoints([gone, there]))
    assert main(["info"]) == 0
    with pytest.raises(SystemExit):
        main(["train"])
    assert "invalid choice: 'train'" in capsys.readouterr().err


def test_a_command_that_lacks_a_library_is_not_silently_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pocketlens_broken.py").write_text("import pocketlens_gone\n")
    monkeypatch.syspath_prepend(tmp_path)
    broken = EntryPoint("broken", "pocketlens_broken:configure", cli.COMMANDS)
    monkeypatch.setattr(cli, "entry_points", lambda group: EntryPoints([broken]))
    with pytest.raises(ModuleNotFoundError, match="pocketlens_gone"):
        main(["broken"])


def test_no_metadata_at_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "entry_points", lambda group: EntryPoints())
    assert main(["predict", "photo.jpg"]) == 1
    assert "metadata of the package" in capsys.readouterr().err


def test_pip_line_is_for_who_froze_it(monkeypatch: pytest.MonkeyPatch) -> None:
    line = install_line("cpu")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert install_line("cpu") == f"{line} where this application was frozen, and freeze it again"


def test_doctor_of_libraries_from_no_wheel(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "installed_wheels", lambda package: [])
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "note     opencv                 there, but from no known wheel" in out
    assert "note     onnxruntime            there, but from no known wheel" in out
    assert f"{sys.executable}, frozen" in out


def test_bench_of_a_frozen_application_starts_no_python(
    colors_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    name, _ = next(bench.measure(colors_file, [], tmp_path))
    assert name == "decode, 200x200 JPEG"
    assert not list(tmp_path.iterdir())

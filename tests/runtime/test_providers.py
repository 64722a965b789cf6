from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import onnxruntime
import pytest

import pocketlens
from builders import plain
from pocketlens.engine import providers
from pocketlens.engine.providers import CPU, CUDA, installed_plugins, installed_wheels, why_missing
from pocketlens.errors import ProviderError


class Device:
    """As onnxruntime's own, under another provider's name."""

    def __init__(self, name: str, device: Any = None) -> None:
        self.ep_name = name
        self.device = device


pytestmark = pytest.mark.skipif(
    not hasattr(onnxruntime, "get_ep_devices"), reason="onnxruntime 1.21 knows no plugins"
)


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("onnxruntime_ep_nimble")
    module.get_library_path = lambda: "/nowhere/libnimble.so"
    monkeypatch.setitem(sys.modules, "onnxruntime_ep_nimble", module)
    monkeypatch.setattr(providers, "_registered", set())


def test_two_wheels_are_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = ["onnxruntime", "onnxruntime-gpu"]
    monkeypatch.setattr(providers, "installed_wheels", lambda package: wheels)
    with pytest.raises(ProviderError, match="onnxruntime and onnxruntime-gpu are both installed"):
        pocketlens.load_model(providers=[CUDA])
    assert "pip uninstall -y onnxruntime onnxruntime-gpu && pip install" in why_missing(CUDA)


def test_wheel_for_the_cpu_is_the_reason() -> None:
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip("this is the wheel for the GPU")
    with pytest.raises(ProviderError, match=r"onnxruntime is made for the CPU; .*\[gpu\]"):
        pocketlens.load_model(providers=[CUDA])


def test_plugin_that_is_not_installed_is_the_reason() -> None:
    with pytest.raises(ProviderError, match="onnxruntime-ep-fleet, which is not installed"):
        pocketlens.load_model(providers=["FleetExecutionProvider"])


def test_wheels_are_those_that_bring_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    class Distribution:
        def __init__(self, name: str) -> None:
            self.metadata = {"Name": name}

    names = ("onnxruntime", "onnxruntime_ep_openvino", "onnxruntime-extensions", "onnx")
    monkeypatch.setattr("importlib.metadata.distributions", lambda: map(Distribution, names))
    assert installed_plugins() == ["onnxruntime-ep-openvino"]
    found = {"onnxruntime": ["onnxruntime-gpu", "onnxruntime", "onnxruntime"], "cv2": ["contrib"]}
    monkeypatch.setattr("importlib.metadata.packages_distributions", lambda: found)
    assert installed_wheels("onnxruntime") == ["onnxruntime", "onnxruntime-gpu"]
    assert installed_wheels("cv2") == ["contrib"]
    assert installed_wheels("torch") == []


@pytest.mark.usefixtures("plugin")
def test_plugin_whose_library_does_not_load() -> None:
    with pytest.raises(ProviderError, match=r"onnxruntime_ep_nimble does not load: .*libnimble"):
        pocketlens.load_model(providers=["NimbleExecutionProvider"])


@pytest.mark.usefixtures("plugin")
def test_plugin_that_finds_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "register_execution_provider_library", lambda *_: None)
    with pytest.raises(ProviderError, match="onnxruntime_ep_nimble finds no device of its maker"):
        pocketlens.load_model(providers=["NimbleExecutionProvider"])


@pytest.mark.usefixtures("plugin")
def test_plugin_runs_by_its_devices(colors_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[tuple[str, str]] = []
    monkeypatch.setattr(
        onnxruntime,
        "register_execution_provider_library",
        lambda name, path: registered.append((name, path)),
    )
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    real = onnxruntime.get_ep_devices()
    mine = [Device("NimbleExecutionProvider")]
    monkeypatch.setattr(onnxruntime, "get_ep_devices", lambda: real + (mine if registered else []))
    asked: list[tuple[list[str], dict[str, str]]] = []

    class Options(onnxruntime.SessionOptions):  # type: ignore[misc]
        def add_provider_for_devices(self, devices: list[Any], settings: dict[str, str]) -> None:
            asked.append(([each.ep_name for each in devices], settings))

    monkeypatch.setattr(onnxruntime, "SessionOptions", Options)
    wanted: list[Any] = [("NimbleExecutionProvider", {"device_type": "NPU"}), CPU]
    # The device is no real one, so that the session ends up on the CPU, which is an error.
    with pytest.raises(ProviderError, match="NimbleExecutionProvider was asked for and did not"):
        pocketlens.load_model(colors_file, providers=wanted)
    assert registered == [("onnxruntime_ep_nimble", "/nowhere/libnimble.so")]
    assert asked == [(["NimbleExecutionProvider"], {"device_type": "NPU"}), ([CPU], {})]


def test_session_by_device_answers(colors_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where the CPU is not among the built-in providers, it is taken as a plugin is.
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [])
    model = pocketlens.load_model(colors_file, providers=[CPU])
    assert model.providers == (CPU,)
    assert model.predict(plain(0, 0, 255)).label == "blue"

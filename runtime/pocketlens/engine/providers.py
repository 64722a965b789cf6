"""Execution providers: which are taken, where plugins come from, and why one is not to be had."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from pocketlens.errors import ProviderError
from pocketlens.extras import install_line

Provider: TypeAlias = "str | tuple[str, Mapping[str, Any]]"

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_SUFFIX = "ExecutionProvider"

_registered: set[str] = set()


def provider_name(provider: Provider) -> str:
    """The provider's name, "" for what is no provider."""
    name = provider[0] if isinstance(provider, tuple) and provider else provider
    return name if isinstance(name, str) else ""


def choose_providers(providers: Sequence[Provider] | None, onnxruntime: Any) -> list[Provider]:
    """The providers to ask onnxruntime for; plugins among them are registered.

    Raises:
        ProviderError: `providers` is no list of providers, or one of them is missing.
    """
    available = onnxruntime.get_available_providers()
    if providers is None:
        return [name for name in (CUDA, CPU) if name in available]
    if (
        not isinstance(providers, (list, tuple))
        or not providers
        or not all(map(provider_name, providers))
    ):
        raise ProviderError(
            f"providers={providers!r}, expected a list such as ['{CPU}'], or None for the best one"
        )
    for name in map(provider_name, providers):
        if name not in available and not provider_devices(name, onnxruntime):
            raise ProviderError(
                f"{name} was asked for, the installed onnxruntime has only "
                f"{', '.join(available)}; {why_missing(name)}"
            )
    return list(providers)


def provider_devices(name: str, onnxruntime: Any) -> list[Any]:
    """The devices of a provider; one in a package of its own (onnxruntime-ep-...) is registered.

    Returns:
        onnxruntime's OrtEpDevice objects; none where there is no such provider.

    Raises:
        ProviderError: The package is there, and its library does not load or finds no device.
    """
    if not hasattr(onnxruntime, "get_ep_devices"):  # onnxruntime 1.21
        return []

    def found() -> list[Any]:
        return [each for each in onnxruntime.get_ep_devices() if each.ep_name == name]

    if devices := found():
        return devices
    package = f"onnxruntime_ep_{name.removesuffix(_SUFFIX).lower()}"
    try:
        plugin = import_module(package)
    except ModuleNotFoundError:
        return []
    try:
        if package not in _registered:
            onnxruntime.register_execution_provider_library(package, plugin.get_library_path())
            _registered.add(package)
    except Exception as error:  # onnxruntime's own classes share no other base
        raise ProviderError(
            f"{name} was asked for, and {package} does not load: {error}"
        ) from error
    if not (devices := found()):
        raise ProviderError(
            f"{name} was asked for, and {package} finds no device of its maker on this machine"
        )
    return devices


def why_missing(name: str) -> str:
    """Why the installed onnxruntime does not have a provider, as far as can be seen."""
    wheels = installed_wheels("onnxruntime")
    if len(wheels) > 1:
        return (
            f"{' and '.join(wheels)} are both installed and have overwritten each other's files: "
            f"pip uninstall -y {' '.join(wheels)} && {install_line('gpu')}"
        )
    if name == CUDA:
        return (
            f"{wheels[0] if wheels else 'onnxruntime'} is made for the CPU; for an NVIDIA GPU: "
            f"pip uninstall -y onnxruntime && {install_line('gpu')}"
        )
    plugin = f"onnxruntime-ep-{name.removesuffix(_SUFFIX).lower()}"
    return f"a plugin would be found as {plugin}, which is not installed"


def installed_wheels(package: str) -> list[str]:
    """The installed distributions that bring an import package: more than one overwrite it."""
    from importlib.metadata import packages_distributions

    return sorted(set(packages_distributions().get(package, ())))


def installed_plugins() -> list[str]:
    """The installed distributions that bring execution providers as plugins."""
    from importlib.metadata import distributions

    names = {str(each.metadata["Name"]).lower().replace("_", "-") for each in distributions()}
    return sorted(name for name in names if name.startswith("onnxruntime-ep-"))


def why_not_started(name: str, onnxruntime: Any) -> str:
    """The dynamic linker's own words where a provider's library does not load."""
    stem = name.removesuffix(_SUFFIX).lower()
    folder = Path(onnxruntime.__file__).parent / "capi"
    try:
        for part in ("shared", stem):
            library = folder / f"libonnxruntime_providers_{part}.so"
            if library.exists():
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return (
            f"{error}; CUDA and cuDNN come with: pip install "
            f'"onnxruntime-gpu[cuda,cudnn]=={onnxruntime.__version__}", libcuda with the driver'
        )
    return "onnxruntime gives no reason; is there such a device, and its driver?"

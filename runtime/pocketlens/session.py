"""The onnxruntime session: a model's bytes, the providers that run it, its metadata."""

from __future__ import annotations

import ctypes
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import Any, TypeAlias

from pocketlens.errors import MissingExtraError, ModelError, ProviderError, SettingError
from pocketlens.extras import install_line
from pocketlens.metadata import KEY, Metadata

# Read when onnxruntime is imported; without it the wheel writes a device id into the home folder
# and reports its use to its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"
FAMILIARITY = "familiarity"
ACTIVATION_MAP = "activation_map"

Provider: TypeAlias = "str | tuple[str, Mapping[str, Any]]"


def create_session(
    model: bytes, providers: Sequence[Provider] | None, intra_op_num_threads: int | None
) -> Any:
    """Creates an onnxruntime.InferenceSession and makes sure it runs where it was asked to.

    Args:
        model: The content of an .onnx file.
        providers: As onnxruntime takes them. None means CUDA where it works, else the CPU.
        intra_op_num_threads: Threads of one inference; None leaves the choice to onnxruntime.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ModelError: The bytes are not a model that onnxruntime can run.
        ProviderError: A provider in `providers` is not available or did not start.
        SettingError: intra_op_num_threads is no positive number.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(
            f"onnxruntime cannot be imported ({error}); "
            f"for the CPU: {install_line('cpu')}; for an NVIDIA GPU: {install_line('gpu')}"
        ) from error

    if intra_op_num_threads is not None and (
        not isinstance(intra_op_num_threads, int) or intra_op_num_threads < 1
    ):
        raise SettingError(
            f"intra_op_num_threads={intra_op_num_threads!r}, expected a whole number above 0"
        )
    available = onnxruntime.get_available_providers()
    wanted = _wanted(providers, available)
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if intra_op_num_threads is not None:
        options.intra_op_num_threads = intra_op_num_threads
    try:
        with _quiet(onnxruntime) if set(map(_name, wanted)) - {_CPU} else nullcontext():
            if _CUDA in map(_name, wanted):
                onnxruntime.preload_dlls()
            session = onnxruntime.InferenceSession(model, options, providers=wanted)
    except Exception as error:  # onnxruntime's own classes share no other base
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ModelError(
            f"onnxruntime {onnxruntime.__version__} cannot load it ({reason}); "
            "expected an .onnx file written by `pocketlens export`"
        ) from error

    missing = [name for name in map(_name, providers or ()) if name not in session.get_providers()]
    if missing:
        raise ProviderError(
            f"{', '.join(missing)} was asked for and did not start: "
            f"{_why_not(missing[0], onnxruntime)}"
        )
    return session


def read_metadata(session: Any) -> Metadata:
    """Reads a session's metadata and checks that inputs and outputs are what it says.

    Raises:
        ModelError: The model was not written by pocketlens, or does not match its metadata.
    """
    properties = session.get_modelmeta().custom_metadata_map
    if KEY not in properties:
        raise ModelError(
            "it holds no pocketlens metadata (labels, preprocessing); "
            "expected an .onnx file written by `pocketlens export`"
        )
    metadata = Metadata.from_json(properties[KEY])
    got = [(node.name, node.type, node.shape[1:]) for node in session.get_inputs()]
    expected = (INPUT_NAME, "tensor(uint8)", list(metadata.preprocessing.input_shape))
    if got != [expected]:
        raise ModelError(f"its inputs are {got}, its metadata says {[expected]}")
    outputs = {node.name: node.shape for node in session.get_outputs()}
    if outputs.get(OUTPUT_NAME, [])[-1:] != [len(metadata.labels)]:
        raise ModelError(
            f"its outputs are {outputs}, expected {OUTPUT_NAME!r} with "
            f"{len(metadata.labels)} values, one for each of {', '.join(metadata.labels)}"
        )
    if metadata.familiarity and len(outputs.get(FAMILIARITY, [])) != 1:
        raise ModelError(
            f"its outputs are {outputs}, its metadata says that {FAMILIARITY!r} is one"
        )
    return metadata


_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"


def _name(provider: Provider) -> str:
    """The provider's name, "" for what is no provider."""
    name = provider[0] if isinstance(provider, tuple) and provider else provider
    return name if isinstance(name, str) else ""


def _wanted(providers: Sequence[Provider] | None, available: list[str]) -> list[Provider]:
    if providers is None:
        return [name for name in (_CUDA, _CPU) if name in available]
    if not isinstance(providers, (list, tuple)) or not providers or not all(map(_name, providers)):
        raise ProviderError(
            f"providers={providers!r}, expected a list such as ['{_CPU}'], or None for the best one"
        )
    missing = [name for name in map(_name, providers) if name not in available]
    if missing:
        # With both wheels installed CUDA is missing too: the one overwrites the other's files.
        hint = (
            "; for an NVIDIA GPU: pip uninstall -y onnxruntime onnxruntime-gpu && "
            f"{install_line('gpu')}"
        )
        raise ProviderError(
            f"{', '.join(missing)} was asked for, the installed onnxruntime has only "
            f"{', '.join(available)}{hint if _CUDA in missing else ''}"
        )
    return list(providers)


@contextmanager
def _quiet(onnxruntime: Any) -> Iterator[None]:
    """Keeps to itself what onnxruntime prints, on stdout too, of a provider that does not start."""
    onnxruntime.set_default_logger_severity(4)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        onnxruntime.set_default_logger_severity(2)


def _why_not(provider: str, onnxruntime: Any) -> str:
    """The dynamic linker's own words where a provider's library does not load."""
    stem = provider.removesuffix("ExecutionProvider").lower()
    folder = Path(onnxruntime.__file__).parent / "capi"
    try:
        for name in ("shared", stem):
            library = folder / f"libonnxruntime_providers_{name}.so"
            if library.exists():
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return (
            f"{error}; CUDA and cuDNN come with: pip install "
            f'"onnxruntime-gpu[cuda,cudnn]=={onnxruntime.__version__}", libcuda with the driver'
        )
    return "onnxruntime gives no reason; is there such a device, and its driver?"

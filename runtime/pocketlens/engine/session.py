"""The onnxruntime session: a model's bytes, the providers that run it, its metadata."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import Any

from pocketlens.engine.cores import startable_threads
from pocketlens.engine.model_file import EXPECTED, why_no_model
from pocketlens.engine.providers import (
    CPU,
    CUDA,
    Provider,
    choose_providers,
    provider_devices,
    provider_name,
    why_not_started,
)
from pocketlens.errors import (
    MissingExtraError,
    ModelError,
    ProviderError,
    SettingError,
    check_positive,
)
from pocketlens.extras import install_line
from pocketlens.metadata import KEY, Metadata

# Read when onnxruntime is imported; without it the wheel writes a device id into the home folder
# and reports its use to its maker.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

INPUT_NAME = "image"
OUTPUT_NAME = "probabilities"
FAMILIARITY = "familiarity"
ACTIVATION_MAP = "activation_map"
_SPINNING = "session.intra_op.allow_spinning"


def import_onnxruntime() -> Any:
    """The onnxruntime module.

    Raises:
        MissingExtraError: It is not installed, or does not load.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError(
            f"onnxruntime cannot be imported ({error}); "
            f"for the CPU: {install_line('cpu')}; for an NVIDIA GPU: {install_line('gpu')}"
        ) from error
    return onnxruntime


def create_session(
    model: bytes,
    providers: Sequence[Provider] | None,
    intra_op_num_threads: int,
    allow_spinning: bool,
) -> Any:
    """Creates an onnxruntime.InferenceSession and makes sure it runs where it was asked to.

    Args:
        model: The content of an .onnx file.
        providers: As onnxruntime takes them. None means CUDA where it works, else the CPU.
        intra_op_num_threads: Threads of one inference; fewer where the system allows fewer.
        allow_spinning: Whether those threads wait for work without sleeping.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ModelError: The bytes are not a model that onnxruntime can run.
        ProviderError: A provider in `providers` is not available or did not start.
        SettingError: intra_op_num_threads is no positive number, or allow_spinning no bool.
    """
    onnxruntime = import_onnxruntime()
    check_positive(intra_op_num_threads=intra_op_num_threads)
    if not isinstance(allow_spinning, bool):
        raise SettingError(f"allow_spinning={allow_spinning!r}, expected True or False")
    wanted = choose_providers(providers, onnxruntime)
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    # onnxruntime hangs where only some of its threads start. The calling thread is one of them.
    options.intra_op_num_threads = 1 + startable_threads(intra_op_num_threads - 1)
    options.add_session_config_entry(_SPINNING, "1" if allow_spinning else "0")
    options.log_severity_level = 3
    names = [provider_name(each) for each in wanted]
    # onnxruntime takes all providers by device, as those of a plugin must be, or none.
    by_device = bool(set(names) - set(onnxruntime.get_available_providers()))
    if by_device:
        for each, name in zip(wanted, names, strict=True):
            settings = dict(each[1]) if isinstance(each, tuple) else {}
            options.add_provider_for_devices(provider_devices(name, onnxruntime), settings)
    try:
        with _quiet(onnxruntime) if set(names) - {CPU} else nullcontext():
            if CUDA in names:
                onnxruntime.preload_dlls()
            session = onnxruntime.InferenceSession(
                model, options, providers=None if by_device else wanted
            )
    except Exception as error:  # onnxruntime's own classes share no other base
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ModelError(
            why_no_model(model)
            or f"onnxruntime {onnxruntime.__version__} cannot load it ({reason}); {EXPECTED}"
        ) from error

    started = session.get_providers()
    missing = [name for name in names if name not in started] if providers else []
    if missing:
        raise ProviderError(
            f"{', '.join(missing)} was asked for and did not start: "
            f"{why_not_started(missing[0], onnxruntime)}"
        )
    return session


def read_metadata(session: Any) -> Metadata:
    """Reads a session's metadata and checks that inputs and outputs are what it says.

    Raises:
        ModelError: The model was not written by pocketlens, or does not match its metadata.
    """
    properties = session.get_modelmeta().custom_metadata_map
    if KEY not in properties:
        raise ModelError(f"it holds no pocketlens metadata (labels, preprocessing); {EXPECTED}")
    metadata = Metadata.from_json(properties[KEY])
    got = [(node.name, node.type, node.shape[1:]) for node in session.get_inputs()]
    expected = (INPUT_NAME, "tensor(uint8)", list(metadata.preprocessing.input_shape))
    if got != [expected]:
        raise ModelError(f"its inputs are {got}, its metadata says {[expected]}")
    outputs = {node.name: node.shape for node in session.get_outputs()}
    if outputs.get(OUTPUT_NAME, [])[-1:] != [len(metadata.labels)]:
        raise ModelError(
            f"its outputs are {outputs}, expected {OUTPUT_NAME!r} with "
            f"{len(metadata.labels)} values, one for each label"
        )
    if metadata.familiarity and len(outputs.get(FAMILIARITY, [])) != 1:
        raise ModelError(
            f"its outputs are {outputs}, its metadata says that {FAMILIARITY!r} is one"
        )
    return metadata


@contextmanager
def _quiet(onnxruntime: Any) -> Iterator[None]:
    """Hides what onnxruntime prints when a provider does not start."""
    onnxruntime.set_default_logger_severity(4)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        onnxruntime.set_default_logger_severity(2)

"""The folders of a model in Triton's repository, and their config.pbtxt."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from pocketlens.classifier import Classifier
from pocketlens.engine.model_file import read_model
from pocketlens.engine.network import Network
from pocketlens.errors import FileError
from pocketlens.loading import load_model

_BATCH = 64
_TYPES = {"tensor(uint8)": "TYPE_UINT8", "tensor(float)": "TYPE_FP32"}


def write_repository(file: Path, folder: Path) -> list[Path]:
    """Writes a model for Triton's Python backend, and one for its onnxruntime backend.

    The first takes picture files; the second, NAME-network, the network's own input: who asks it
    prepares the pixels.

    Args:
        file: The .onnx file.
        folder: The repository; made where it is not there.

    Returns:
        The folders of the two models.

    Raises:
        FileError: They are there already, or cannot be written.
        ModelError: It is no model of ours.
    """
    model = load_model(file)
    content = read_model(file)
    targets = [folder / file.stem, folder / f"{file.stem}-network"]
    for target in targets:
        if target.exists():
            raise FileError(f"{target}: is there already; remove it, or name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial = Path(mkdtemp(prefix=".triton-", dir=folder))
        try:
            _write_pictures(partial / targets[0].name, content, model)
            _write_network(partial / targets[1].name, content, model)
            for target in targets:
                (partial / target.name).replace(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise FileError(f"{folder}: cannot be written ({error.strerror})") from error
    return targets


def _write_pictures(folder: Path, content: bytes, model: Classifier) -> None:
    outputs = [
        ("label", "TYPE_STRING", [1]),
        ("score", "TYPE_FP32", [1]),
        ("scores", "TYPE_FP32", [len(model.labels)]),
        ("rejected", "TYPE_BOOL", [1]),
    ]
    if model.min_familiarity is not None:
        outputs.append(("familiarity", "TYPE_FP32", [1]))
    config = _config(folder.name, "python", [("image", "TYPE_STRING", [1])], outputs)
    _write(folder, content, config)
    shutil.copyfile(Path(__file__).with_name("model.py"), folder / "1" / "model.py")


def _write_network(folder: Path, content: bytes, model: Classifier) -> None:
    session = Network(content).start()
    inputs, outputs = (
        [(node.name, _TYPES[node.type], node.shape[1:]) for node in nodes]
        for nodes in (session.get_inputs(), session.get_outputs())
    )
    config = _config(folder.name, "onnxruntime", inputs, outputs, ("probabilities", "labels.txt"))
    _write(folder, content, config)
    (folder / "labels.txt").write_text("\n".join(model.labels) + "\n", encoding="utf-8")


def _write(folder: Path, content: bytes, config: str) -> None:
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.onnx").write_bytes(content)
    (folder / "config.pbtxt").write_text(config, encoding="utf-8")


def _config(
    name: str,
    backend: str,
    inputs: Iterable[tuple[str, str, list[Any]]],
    outputs: Iterable[tuple[str, str, list[Any]]],
    labelled: tuple[str, str] = ("", ""),
) -> str:
    """A ModelConfig as text; the sizes leave out the batch."""
    lines = [
        f"name: {json.dumps(name, ensure_ascii=False)}",
        f'backend: "{backend}"',
        f"max_batch_size: {_BATCH}",
    ]
    for key, tensors in (("input", inputs), ("output", outputs)):
        for tensor, kind, sizes in tensors:
            dims = ", ".join(map(str, sizes or [1]))
            # Triton wants one size at least.
            more = "" if sizes else " reshape { shape: [ ] }"
            if tensor == labelled[0]:
                more += f' label_filename: "{labelled[1]}"'
            lines.append(f'{key} {{ name: "{tensor}" data_type: {kind} dims: [ {dims} ]{more} }}')
    lines.append("instance_group { kind: KIND_CPU count: 1 }")
    lines.append("dynamic_batching { max_queue_delay_microseconds: 1000 }")
    return "\n".join(lines) + "\n"

"""Every key of a file's metadata, at any depth, lost or of another type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("onnxruntime")

from pocketlens.engine.session import create_session, read_metadata
from pocketlens.errors import ModelError
from pocketlens.loading import BUNDLED_MODEL
from pocketlens.metadata import KEY
from pocketlens.tools.card import render, summary

MISSING = object()
VALUES: tuple[object, ...] = (MISSING, None, 3, -0.5, "text", [], ["text"], {}, {"key": 1}, True)


def keys(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from keys(item, (*path, key))
    elif isinstance(value, list) and value:
        yield from keys(value[0], (*path, 0))


def mutated(content: Any, path: tuple[Any, ...], value: object) -> str:
    copy = json.loads(json.dumps(content))
    *parents, last = path
    inner = copy
    for key in parents:
        inner = inner[key]
    if value is MISSING:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(copy)


def test_every_mutation_is_refused_or_left_out() -> None:
    """load_model(), and what `info`, `card` and the Model tab print."""
    session = create_session(BUNDLED_MODEL.read_bytes(), ["CPUExecutionProvider"], 1, False)
    text = session.get_modelmeta().custom_metadata_map[KEY]
    content = json.loads(text)
    paths = list(keys(content))
    assert len(paths) > 100
    loaded = refused = 0
    for path in paths:
        for value in VALUES:
            properties = {KEY: mutated(content, path, value)}
            odd = SimpleNamespace(
                get_modelmeta=lambda p=properties: SimpleNamespace(custom_metadata_map=p),
                get_inputs=session.get_inputs,
                get_outputs=session.get_outputs,
            )
            try:
                metadata = read_metadata(odd)
            except ModelError as error:
                refused += 1
                assert "\n" not in str(error), path
                continue
            loaded += 1
            assert render("odd.onnx", 1, metadata).count("\n") > 20, path
            assert list(summary(1, metadata))
            assert [row for _, rows in metadata.parts() for row in rows]
    assert refused > 500
    assert loaded > 50

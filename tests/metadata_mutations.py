"""Every key of the bundled model's metadata, at any depth, lost or of another type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from pocketlens.engine.session import create_session, read_metadata
from pocketlens.errors import ModelError
from pocketlens.loading import BUNDLED_MODEL
from pocketlens.metadata import KEY, Metadata

MISSING = object()
VALUES: tuple[object, ...] = (MISSING, None, 3, -0.5, "text", [], ["text"], {}, {"key": 1}, True)


class Mutation(NamedTuple):
    """What was done to a key, and what read_metadata() gave."""

    path: tuple[Any, ...]
    value: object
    result: Metadata | ModelError


@cache
def mutations() -> tuple[Mutation, ...]:
    session = create_session(BUNDLED_MODEL.read_bytes(), ["CPUExecutionProvider"], 1, False)
    content = json.loads(session.get_modelmeta().custom_metadata_map[KEY])
    return tuple(
        Mutation(path, value, _read(session, mutated(content, path, value)))
        for path in keys(content)
        for value in VALUES
    )


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


def _read(session: Any, text: str) -> Metadata | ModelError:
    odd = SimpleNamespace(
        get_modelmeta=lambda: SimpleNamespace(custom_metadata_map={KEY: text}),
        get_inputs=session.get_inputs,
        get_outputs=session.get_outputs,
    )
    try:
        return read_metadata(odd)
    except ModelError as error:
        return error


def is_part(items: list[Any], of: list[Any]) -> bool:
    """Whether `of` holds all items, in their order."""
    rest = iter(of)
    return all(item in rest for item in items)

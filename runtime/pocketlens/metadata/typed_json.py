"""JSON values -> frozen dataclasses, each value checked against its type annotation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pocketlens.errors import ModelError

T = TypeVar("T")

_NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def read(kind: type[T], content: object, place: str) -> T:
    """Builds a dataclass from a JSON object; keys that it does not know are passed over.

    Args:
        kind: The dataclass, of a module whose annotations are not postponed. Its fields are bool,
            int, float, str, tuples and mappings of these, other such dataclasses, or one of these
            or None. A class with a from_dict() is read by that.
        content: What json.loads() gave.
        place: Where the object stands, for messages, such as "metrics"; "" for the outermost.

    Raises:
        ModelError: A key is missing or has a value of another type.
    """
    if not isinstance(content, Mapping):
        raise _unexpected(content, "a JSON object", place)
    values = {}
    for field in fields(kind):  # type: ignore[arg-type]
        where = f"{place}.{field.name}" if place else field.name
        if field.name in content:
            values[field.name] = _value(field.type, content[field.name], where)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ModelError(f"its metadata lacks {where!r}; export the model again")
    return kind(**values)


def _value(hint: Any, value: Any, place: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        if value is None:
            return None
        (hint,) = (each for each in inner if each is not NoneType)
        return _value(hint, value, place)
    if hasattr(hint, "from_dict"):
        return hint.from_dict(value)
    if is_dataclass(hint):
        return read(hint, value, place)  # type: ignore[arg-type]
    if origin is tuple:
        return _items(inner, value, place)
    if origin is not None:
        if not isinstance(value, Mapping):
            raise _unexpected(value, "a JSON object", place)
        return {key: _value(inner[1], item, f"{place}.{key}") for key, item in value.items()}
    if not _fits(hint, value):
        raise _unexpected(value, _NAMES[hint], place)
    return value


def _fits(kind: Any, value: Any) -> bool:
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is kind


def _items(kinds: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise _unexpected(value, "a list", place)
    if kinds[-1] is Ellipsis:
        if kinds[0] in _NAMES and all(_fits(kinds[0], item) for item in value):
            return tuple(value)
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        raise _unexpected(value, f"a list of {len(kinds)}", place)
    pairs = zip(kinds, value, strict=True)
    return tuple(_value(kind, item, f"{place}[{i}]") for i, (kind, item) in enumerate(pairs))


def _unexpected(value: object, expected: str, place: str) -> ModelError:
    return ModelError(
        f"its metadata has {place} = {value!r:.80}, expected {expected}; export the model again"
    )

"""OpenAI's filters of a search in a vector store: read, checked, made into a condition. The routes call it.

Source: platform.openai.com/docs/api-reference/vector-stores/search, `filters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any, get_args

from yoriai.errors import UnsupportedError, UsageError
from yoriai.knowledge.conditions import Comparison, Condition, Group, Operator, Value, span_of

_OPERATORS: dict[str, Operator] = {name: name for name in get_args(Operator)}
_MOST, _DEEPEST = 200, 10
_LONGEST = 512  # characters of a key or a value
_LARGEST = 1e15  # number
_ORDERS = {"gt", "gte", "lt", "lte"}


def condition_of(filters: Mapping[str, Any] | None) -> Condition | None:
    """Raises: UnsupportedError: of no known kind. UsageError: too large, or its value doesn't fit."""
    return None if filters is None else _condition(filters, 1, count(1))


def _condition(said: object, depth: int, counter: count[int]) -> Condition:
    if depth > _DEEPEST or next(counter) > _MOST:
        raise UsageError("api.filter_size", param="filters", most=_MOST, deep=_DEEPEST)
    if not isinstance(said, Mapping):
        raise _unknown(type(said).__name__)
    kind = str(said.get("type"))
    parts = said.get("filters")
    if kind in {"and", "or"} and isinstance(parts, list) and parts:
        found = tuple(_condition(part, depth + 1, counter) for part in parts)
        return Group(needs="all" if kind == "and" else "any", parts=found)
    if kind in _OPERATORS and isinstance(said.get("key"), str) and "value" in said:
        return _comparison(said["key"], _OPERATORS[kind], said["value"])
    raise _unknown(kind)


def _comparison(key: str, operator: Operator, value: object) -> Comparison:
    given = value if operator in {"in", "nin"} and isinstance(value, list) else [value]
    values = tuple(_value(key, operator, each) for each in given[: _MOST + 1])
    if len(values) > _MOST:
        raise UsageError("api.filter_size", param="filters", most=_MOST, deep=_DEEPEST)
    return Comparison(key=key[:_LONGEST], operator=operator, values=values)


def _value(key: str, operator: Operator, value: object) -> Value:
    is_fit = isinstance(value, str) or (isinstance(value, int | float) and abs(value) <= _LARGEST)
    if is_fit and operator in _ORDERS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_fit = key != "tag" and (is_number or (key == "date" and isinstance(value, str)))
    if not is_fit or (key == "date" and isinstance(value, str | float) and span_of(value) is None):
        raise UsageError("api.filter_value", param="filters", key=key[:40], value=str(value)[:40])
    assert isinstance(value, str | int | float)
    return value if isinstance(value, str | bool) else float(value)


def _unknown(kind: str) -> UnsupportedError:
    return UnsupportedError("api.filter_unsupported", param="filters", kind=kind[:40])

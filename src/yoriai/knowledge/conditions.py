"""Which documents a search looks at, as comparisons that are joined: by date, tag, or attribute. Pure; `search` asks.

A tag `key=value` is an attribute. `date` is when a document was changed, else added, and `tag` any of its tags, where
it has no attribute of that name.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from yoriai.records import KnownDocument

Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]
Value = str | float | bool
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_DAY = re.compile(r"\d{4}-?\d\d-?\d\d")


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    key: str
    operator: Operator
    values: tuple[Value, ...]  # one, but for `in` and `nin`


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Holds where all of its parts do, or any."""

    needs: Literal["all", "any"]
    parts: tuple[Comparison | Group, ...]


Condition = Comparison | Group


def holds(condition: Condition, document: KnownDocument) -> bool:
    """Does a document fulfil it?"""
    if isinstance(condition, Group):
        found = (holds(part, document) for part in condition.parts)
        return all(found) if condition.needs == "all" else any(found)
    own = [
        value
        for key, sign, value in (tag.partition("=") for tag in document.tags)
        if key == condition.key and sign
    ]
    if condition.key in document.attributes:
        own = [plain(document.attributes[condition.key])]
    if condition.key == "tag" and not own:
        own = list(document.tags)
    if condition.operator in _ORDERS:
        return _is_ordered(condition, own, document)
    is_one = any(_is(condition.key, value, own, document) for value in condition.values)
    return is_one is (condition.operator in {"eq", "in"})


def plain(value: object) -> str:
    """A value as it stands in a tag."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def span_of(value: Value) -> tuple[float, float] | None:
    """From when until before when, in seconds since 1970: a day, or a second; None: it is no moment.

    Args:
        value: seconds since 1970, or ISO 8601; without a zone it is this machine's.
    """
    if isinstance(value, bool):
        return None
    try:
        if not isinstance(value, str):
            return float(value), float(value) + 1
        begin = datetime.fromisoformat(value)
        end = begin + (timedelta(days=1) if _DAY.fullmatch(value) else timedelta(seconds=1))
        return begin.astimezone().timestamp(), end.astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _is(key: str, value: Value, own: Sequence[str], document: KnownDocument) -> bool:
    if plain(value) in own:
        return True
    if key != "date" or not (span := span_of(value)):
        return False
    return any(span[0] <= moment < span[1] for moment in _moments(own, document))


def _is_ordered(condition: Comparison, own: Sequence[str], document: KnownDocument) -> bool:
    value = condition.values[0]
    compare = _ORDERS[condition.operator]
    if condition.key == "date":
        span = span_of(value)
        if span is None:
            return False
        # "After a day" is after its end, "up to a day" is before it.
        return any(
            moment >= span[condition.operator == "gt"] if condition.operator in {"gt", "gte"}
            else moment < span[condition.operator == "lte"]
            for moment in _moments(own, document)
        )  # fmt: skip
    number = _number(value)
    return number is not None and any(compare(mine, number) for mine in map(_number, own) if mine is not None)


def _number(value: Value) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except ValueError:
        return None


def _moments(own: Sequence[str], document: KnownDocument) -> list[float]:
    if own:
        numbers = [None if _DAY.fullmatch(each) else _number(each) for each in own]
        spans = [
            span_of(each if number is None else number) for each, number in zip(own, numbers, strict=True)
        ]
        return [span[0] for span in spans if span]
    moment = document.modified_at or document.added_at
    return [moment.timestamp()]

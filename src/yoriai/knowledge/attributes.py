"""Attributes of documents: tags `name=value` that remember whether the value was text, a number or a yes. Pure.

As tags they are searched, shown and set like all others. The OpenAI routes give and take them with their types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yoriai.knowledge.conditions import Value, plain
from yoriai.records import KnownDocument

Attributes = Mapping[str, Value]


def tag_of(name: str, value: Value) -> str:
    return f"{name}={plain(value)}"


def tags_of(attributes: Attributes) -> list[str]:
    return [tag_of(name, value) for name, value in attributes.items()]


def attributes_of(document: KnownDocument) -> dict[str, Value]:
    """Those that were given as such, and tags that look like one."""
    parts = (tag.partition("=") for tag in document.tags if tag not in set(tags_of(document.attributes)))
    return {name: value for name, sign, value in parts if sign} | document.attributes


def with_tags(document: KnownDocument, tags: Sequence[str]) -> dict[str, Any]:
    """What to keep when these become all tags: an attribute that is no longer among them is gone."""
    kept = {name: value for name, value in document.attributes.items() if tag_of(name, value) in set(tags)}
    return {"tags": list(dict.fromkeys(tags)), "attributes": kept}


def with_attributes(document: KnownDocument, attributes: Attributes) -> dict[str, Any]:
    """What to keep when these become all attributes: other tags stay."""
    old = set(tags_of(document.attributes))
    others = [tag for tag in document.tags if "=" not in tag and tag not in old]
    return {
        "tags": list(dict.fromkeys([*others, *tags_of(attributes)])),
        "attributes": dict(attributes),
    }

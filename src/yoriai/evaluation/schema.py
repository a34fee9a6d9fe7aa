"""JSON Schema as far as checks of answers need it: types, properties, items, enums, limits. Pure.

What isn't understood is refused when the schema is written. Source: json-schema.org, draft 2020-12, validation.
"""

from __future__ import annotations

import json
from typing import Any

from yoriai.errors import UsageError

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool,
    "null": type(None),
}  # fmt: skip
_KNOWN = {
    "type", "properties", "required", "items", "enum", "const", "minimum", "maximum", "minLength", "maxLength",
    "minItems", "maxItems", "additionalProperties", "title", "description", "$schema",
}  # fmt: skip
_DEEPEST = 50


def check_schema(words: str) -> None:
    """Raises: UsageError: it is no schema, or says what isn't understood."""
    try:
        schema = json.loads(words)
    except (ValueError, RecursionError) as error:
        raise UsageError("evaluation.bad_schema", param="expected", detail=str(error)) from None
    _check(schema, 0)


def fault(value: Any, schema: dict[str, Any], place: str = "$") -> str:
    """What is wrong with a value, with its place; empty: nothing."""
    for find in (_of_type, _of_value, _of_size, _of_parts):
        if wrong := find(value, schema, place):
            return wrong
    return ""


def _check(schema: Any, depth: int) -> None:
    unknown = set(schema) - _KNOWN if isinstance(schema, dict) else {str(schema)[:50]}
    if unknown or depth > _DEEPEST:
        raise UsageError("evaluation.bad_schema", param="expected", detail=", ".join(sorted(unknown)) or "…")
    if not set(_several(schema.get("type", []))) <= _TYPES.keys():
        raise UsageError("evaluation.bad_schema", param="expected", detail=f"type: {schema['type']}"[:200])
    for each in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        _check(each, depth + 1)


def _of_type(value: Any, schema: dict[str, Any], place: str) -> str:
    wanted = _several(schema.get("type", []))
    if not wanted or any(_is(value, each) for each in wanted):
        return ""
    return f"{place}: {type(value).__name__}, expected {'/'.join(wanted)}"


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name])


def _of_value(value: Any, schema: dict[str, Any], place: str) -> str:
    if "enum" in schema and value not in schema["enum"]:
        return f"{place}: not one of {schema['enum']}"[:300]
    if "const" in schema and value != schema["const"]:
        return f"{place}: not {schema['const']!r}"[:300]
    return ""


def _of_size(value: Any, schema: dict[str, Any], place: str) -> str:
    sizes = []
    if isinstance(value, int | float) and not isinstance(value, bool):
        sizes.append((value, "minimum", "maximum"))
    if isinstance(value, str):
        sizes.append((len(value), "minLength", "maxLength"))
    if isinstance(value, list):
        sizes.append((len(value), "minItems", "maxItems"))
    for size, least, most in sizes:
        if size < schema.get(least, size) or size > schema.get(most, size):
            return f"{place}: {size} is out of {least}/{most}"
    return ""


def _of_parts(value: Any, schema: dict[str, Any], place: str) -> str:
    if isinstance(value, list) and "items" in schema:
        found = (fault(each, schema["items"], f"{place}[{n}]") for n, each in enumerate(value))
        return next((wrong for wrong in found if wrong), "")
    if not isinstance(value, dict):
        return ""
    properties = schema.get("properties", {})
    missing = [name for name in schema.get("required", []) if name not in value]
    if missing:
        return f"{place}: {missing[0]} is missing"
    if schema.get("additionalProperties") is False and (more := set(value) - set(properties)):
        return f"{place}: {sorted(more)[0]} is not expected"
    found = (fault(value[name], properties[name], f"{place}.{name}") for name in properties if name in value)
    return next((wrong for wrong in found if wrong), "")


def _several(found: Any) -> list[str]:
    return [found] if isinstance(found, str) else list(found)

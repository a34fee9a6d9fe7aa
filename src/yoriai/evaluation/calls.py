"""Whether function calls are the right ones, argument by argument, without running any. Pure; `tasks.bfcl` calls it.

Source: bfcl_eval/eval_checker/ast_eval/ast_checker.py of ShishirPatil/gorilla (v4).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_IGNORED = re.compile(r"[ \,\.\/\-\_\*\^]")
Call = tuple[str, str]  # name, arguments as JSON text


def matches(calls: Sequence[Call], right: Sequence[Mapping[str, Any]], functions: Mapping[str, Any]) -> str:
    """Why the calls are not the right ones; empty: they are. In any order."""
    if len(calls) != len(right):
        return f"{len(calls)} calls, expected {len(right)}"
    left = list(right)
    for name, arguments in calls:
        found = [_wrong(name, arguments, each, functions) for each in left]
        if "" not in found:
            return found[0] if len(found) == 1 else f"{name}: no expected call matches"
        del left[found.index("")]
    return ""


def _wrong(name: str, arguments: str, right: Mapping[str, Any], functions: Mapping[str, Any]) -> str:
    wanted = next(iter(right))
    if name != wanted:
        return f"called {name}, expected {wanted}"
    try:
        given = json.loads(arguments)
    except ValueError:
        return f"{name}: arguments are no JSON"
    if not isinstance(given, dict):
        return f"{name}: arguments are no object"
    parameters = functions[name]["parameters"]
    for each in parameters.get("required", ()):
        if each not in given:
            return f"{name}: {each} is missing"
    accepted = right[wanted]
    for key, value in given.items():
        if key not in accepted or not _is_accepted(
            value, accepted[key], parameters["properties"].get(key, {})
        ):
            return f"{name}: {key}={value!r}"
    left_out = [key for key, values in accepted.items() if key not in given and "" not in values]
    return f"{name}: {left_out[0]} is missing" if left_out else ""


def _is_accepted(value: Any, accepted: Sequence[Any], declared: Mapping[str, Any]) -> bool:
    """One of several; an integer may stand for a float, never a float or a boolean for an integer."""
    kind = declared.get("type")
    if kind == "float" and type(value) is int:
        value = float(value)
    if kind == "integer" and type(value) is not int:
        return False
    return any(_is_same(value, each) for each in accepted if each != "" or value == "")


def _is_same(value: Any, wanted: Any) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return _plain(value) == _plain(wanted)
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(_is_same, value, wanted))
    if isinstance(value, dict) and isinstance(wanted, dict):
        # values of an accepted object are themselves lists of accepted values
        return all(key in wanted and _among(each, wanted[key]) for key, each in value.items()) and all(
            key in value or "" in _several(each) for key, each in wanted.items()
        )
    return bool(value == wanted)


def _among(value: Any, wanted: Any) -> bool:
    return any(_is_same(value, each) for each in _several(wanted))


def _several(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _plain(text: str) -> str:
    return _IGNORED.sub("", text).casefold().replace("'", '"')

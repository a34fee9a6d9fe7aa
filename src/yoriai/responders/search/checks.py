"""What is wrong with an answer that can be told without a model: JSON that can't be read, code that doesn't parse.

Answers are only parsed, never run. `repair` calls it.
"""

from __future__ import annotations

import ast
import json
import re
import warnings

from yoriai.i18n.catalogue import text
from yoriai.types import ChatRequest, Language, ResponseFormat

_FENCE = re.compile(r"```([A-Za-z0-9_+-]*)[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)
_LONGEST = 100_000  # characters that are parsed
_PYTHON, _JSON = frozenset({"python", "py", "python3"}), frozenset({"json"})


def problems(answer: str, request: ChatRequest, language: Language) -> list[str]:
    """In words for whoever repairs it; empty: nothing was found."""
    found = []
    wanted = request.response_format
    if wanted and wanted.type != "text":
        found += _of_json(answer, language, wanted)
        return found
    for kind, code in _FENCE.findall(answer[:_LONGEST]):
        if kind.lower() in _PYTHON:
            found += _of_python(code, language)
        elif kind.lower() in _JSON:
            found += _of_json(code, language, None)
    return found


def _of_json(answer: str, language: Language, wanted: ResponseFormat | None) -> list[str]:
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError) as error:
        return [text("responders.not_json", language, detail=str(error)[:200])]
    schema = wanted.json_schema.schema_ if wanted and wanted.json_schema else {}
    required = schema.get("required")
    if not isinstance(value, dict) or not isinstance(required, list):
        if wanted and not isinstance(value, dict) and schema.get("type", "object") == "object":
            return [text("responders.not_json_object", language)]
        return []
    missing = [str(name) for name in required if name not in value]
    return [text("responders.json_lacks", language, names=", ".join(missing)[:200])] if missing else []


def _of_python(code: str, language: Language) -> list[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the code: an invalid escape and the like
            ast.parse(code)
    except (SyntaxError, ValueError) as error:
        return [text("responders.not_python", language, detail=str(error)[:200])]
    except (RecursionError, MemoryError):  # nested deeper than Python reads
        return [text("responders.not_python", language, detail="too deeply nested")]
    return []

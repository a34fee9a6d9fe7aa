"""Sets of questions for battles: a small one of our own in both languages, and files that people bring.

A file is JSON Lines, a JSON array or plain text with a question a line. An entry is a text, or has one as `question`,
`text`, `prompt` or the first of `turns` (as MT-Bench's file has it). Pure but for its own file; the page and API ask.
"""

from __future__ import annotations

import json
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from yoriai.errors import UsageError
from yoriai.types import Language

MOST_BYTES = 5_000_000
MOST = 5_000  # questions
LONGEST = 100_000  # characters of one
_FIELDS = ("question", "text", "prompt")


@lru_cache(maxsize=1)
def _own() -> dict[str, list[str]]:
    read = tomllib.loads((files("yoriai.arena") / "questions.toml").read_text("utf8"))
    return {language: part["questions"] for language, part in read.items()}


def own(language: Language) -> list[str]:
    """Our small set."""
    return list(_own()[language])


def parse(content: bytes) -> list[str]:
    """The questions of a file, each once, in its order.

    Raises:
        UsageError: it is too large or not UTF-8, holds no question, or too many; or an entry, named by its number, is
        none.
    """
    if len(content) > MOST_BYTES:
        raise UsageError("arena.questions_too_large", param="file", limit=f"{MOST_BYTES:,}")
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise UsageError("arena.questions_not_text", param="file") from None
    found = list(dict.fromkeys(_checked(number, entry) for number, entry in _entries(text)))
    if not 0 < len(found) <= MOST:
        raise UsageError("arena.questions_count", param="file", count=len(found), most=MOST)
    return found


def _entries(text: str) -> list[tuple[int, Any]]:
    """Numbered from 1: by line, or by place in an array."""
    if text.startswith("["):
        return list(enumerate(_loaded(1, text), 1))
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if text.startswith(("{", '"')):
        return [(number, _loaded(number, line)) for number, line in lines]
    return list(lines)


def _loaded(number: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError("arena.questions_bad_entry", param="file", number=number) from None


def _checked(number: int, entry: Any) -> str:
    if isinstance(entry, dict):
        turns = entry.get("turns")
        first = turns[0] if isinstance(turns, list) and turns else None
        entry = next((entry[name] for name in _FIELDS if entry.get(name)), first)
    if not isinstance(entry, str) or not 0 < len(entry.strip()) <= LONGEST:
        raise UsageError("arena.questions_bad_entry", param="file", number=number)
    return entry.strip().encode("utf8", "replace").decode()  # a lone surrogate fits into no database

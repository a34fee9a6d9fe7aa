"""The file of questions that `kb eval` asks and `kb draft` writes, one JSON object a line; read and written here."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from yoriai.errors import NotFoundError, UsageError

_NAMES = ("question", "document", "page", "text", "answer", "answers", "unanswerable")


def read(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Questions to ask, and how many were left out because nobody has approved them.

    Raises: NotFoundError, UsageError: with the line; also where none is left.
    """
    said = [_checked(each, number) for number, each in lines(path)]
    approved = [each for each in said if each.get("approved", True) is True]
    if said and not approved:
        raise UsageError("cli.kb_none_approved", path=str(path))
    questions = [{name: each[name] for name in _NAMES if each.get(name) is not None} for each in approved]
    return questions, len(said) - len(approved)


def lines(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Every object with its line's number, as it was written. Raises: NotFoundError, UsageError: with the line."""
    try:
        raw = path.read_text("utf8").split("\n")
    except FileNotFoundError:
        raise NotFoundError("knowledge.path_missing", path=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("cli.kb_bad_questions", line=0, detail=str(error)) from error
    return [(number, _object(line, number)) for number, line in enumerate(raw, 1) if line.strip()]


def begun(path: Path) -> list[dict[str, Any]]:
    """What is there of a file that is being written. A last line that a crash cut off is taken away."""
    if not path.exists():
        return []
    if path.is_file() and not (content := path.read_bytes()).endswith(b"\n"):
        os.truncate(path, content.rfind(b"\n") + 1)
    return [line for _, line in lines(path)]


def append(path: Path, line: dict[str, Any]) -> None:
    with path.open("ab") as file:
        file.write(_bytes([line]))


def write(path: Path, all_lines: Sequence[dict[str, Any]]) -> None:
    """In one step: the file is never half."""
    from yoriai.catalog import files

    files.write(path, _bytes(all_lines))


def _bytes(all_lines: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in all_lines).encode(
        "utf8", "replace"
    )


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError as error:
        raise UsageError("cli.kb_bad_questions", line=number, detail=str(error)) from error
    if not isinstance(said, dict) or not isinstance(said.get("question"), str):
        raise UsageError("cli.kb_bad_questions", line=number, detail="question")
    return said


def _checked(said: dict[str, Any], number: int) -> dict[str, Any]:
    answers = said.setdefault("answers", [])
    if not isinstance(answers, list) or not all(isinstance(each, str) for each in answers):
        raise UsageError("cli.kb_bad_questions", line=number, detail="answers")
    if answers:
        said.setdefault("answer", answers[0])
    return said

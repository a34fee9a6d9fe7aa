"""Questions from a file: CSV with a header, or JSON Lines; also those that `yoriai kb draft` writes. Pure.

One wrong line and none is taken. Fields: question, expected (or answer, answers), check, tolerance, approved, document.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from yoriai.errors import UsageError
from yoriai.evaluation.questions import MOST_QUESTIONS, Draft

MOST_BYTES = 20_000_000


def read(name: str, content: bytes) -> list[Draft]:
    """Raises: UsageError: with the line."""
    try:
        words = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("evaluation.questions_not_utf8") from None
    rows = _json_lines(words) if words.lstrip()[:1] == "{" else _csv(words)
    if not rows or len(rows) > MOST_QUESTIONS:
        raise UsageError("evaluation.too_many_questions", most=MOST_QUESTIONS)
    return [_draft(number, row, name) for number, row in rows]


def _json_lines(words: str) -> list[tuple[int, dict[str, Any]]]:
    found = []
    for number, line in enumerate(words.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                raise UsageError("evaluation.questions_bad_line", line=number)
            found.append((number, row))
    return found


def _csv(words: str) -> list[tuple[int, dict[str, Any]]]:
    try:
        return list(enumerate(csv.DictReader(io.StringIO(words), strict=True), 2))
    except csv.Error as error:
        raise UsageError("evaluation.questions_bad_csv", detail=str(error)) from None


def _draft(number: int, row: dict[str, Any], name: str) -> Draft:
    question, expected = row.get("question"), row.get("expected", row.get("answer"))
    if expected is None and isinstance(row.get("answers"), list):
        expected = "\n".join(map(str, row["answers"]))
    if not isinstance(question, str) or not question.strip() or expected is None:
        raise UsageError("evaluation.questions_bad_line", line=number)
    tolerance = row.get("tolerance")
    return Draft(
        question=question, expected=expected if isinstance(expected, str) else json.dumps(expected),
        check=row.get("check") or "contains", details={"tolerance": str(tolerance)} if tolerance else {},
        is_approved=row.get("approved", True) in {True, "true", "True", "1", ""},
        origin=str(row.get("document") or name),
    )  # fmt: skip

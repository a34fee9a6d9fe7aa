"""Checks of one's own questions: exact, contains, regex, number, JSON schema, code, citations, a judge's rubric.

What a check can't understand is refused when it is written, not when an answer comes.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from decimal import Decimal, InvalidOperation
from typing import Any

from yoriai.errors import PrerequisiteError, UsageError
from yoriai.evaluation.answers import contains
from yoriai.evaluation.coding import code_of
from yoriai.evaluation.judges import graded
from yoriai.evaluation.schema import check_schema, fault
from yoriai.evaluation.task import Bench, Output, Sample, Score
from yoriai.i18n.catalogue import text
from yoriai.records import Check
from yoriai.responders.comparing import stated_answer
from yoriai.responders.options import plain
from yoriai.responders.quantities import first_number, last_number

_REGEX_S = 2.0  # a pattern may take for ever: it is tried in a process of its own, which can be ended
_REGEX = (
    "import json, re, sys; given = json.load(sys.stdin); "
    "print(int(bool(re.search(given['pattern'], given['text'], re.MULTILINE | re.DOTALL))))"
)
_MOST_GRADE = 5
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)


def check_question(check: Check, expected: str, details: dict[str, Any]) -> None:
    """Raises: UsageError: what is expected makes no sense for the check."""
    if not expected.strip() and check != "citations":
        raise UsageError("evaluation.expects_nothing", param="expected")
    if check == "regex":
        try:
            re.compile(expected)
        except (re.error, RecursionError, OverflowError) as error:
            raise UsageError("evaluation.bad_regex", param="expected", detail=str(error)) from None
    if check == "number":
        _decimal(expected, "expected")
        _decimal(str(details.get("tolerance", 0)), "details")
    if check == "json_schema":
        check_schema(expected)


async def checked(sample: Sample, output: Output, bench: Bench) -> Score:
    """By the question's own check."""
    check, expected = sample.metadata["check"], sample.target
    said = output.text
    if check == "code":
        if bench.grade is None:
            raise PrerequisiteError("evaluation.no_sandbox")
        code = code_of(output)
        holds, why = await bench.grade(code, expected)
        return _score(holds, code, why)
    if check == "rubric":
        return await _judged(sample, output, bench)
    if check == "regex":
        found = await matches(expected, said)
        return _score(bool(found), explanation="" if found is not None else f"> {_REGEX_S:g} s")
    if check == "citations":
        holds = bool(output.cited) and any(
            contains(each, expected.splitlines() or [""]) for each in output.cited
        )
        return _score(holds, f"{len(output.cited)}", "" if output.cited else "no citation")
    return _compared(check, expected, said, sample.metadata["details"])


async def matches(pattern: str, said: str) -> bool | None:
    """Whether the pattern is found in the text; None: it took too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", _REGEX, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env={},
    )  # fmt: skip
    given = json.dumps({"pattern": pattern, "text": said}).encode()
    try:
        async with asyncio.timeout(_REGEX_S):
            out, _ = await process.communicate(given)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out.strip() == b"1"


def _compared(check: str, expected: str, said: str, details: dict[str, Any]) -> Score:
    if check == "contains":
        return _score(contains(said, expected.splitlines()))
    if check == "number":
        found = first_number(stated_answer(said)) or last_number(said)
        return _score(_is_near(found, expected, str(details.get("tolerance", 0))), found)
    if check == "json_schema":
        return _by_schema(expected, said)
    stated = stated_answer(said) or said
    right = {plain(each) for each in expected.splitlines() if each.strip()}
    return _score(plain(stated) in right or plain(said) in right, stated[:500])


def _by_schema(schema: str, said: str) -> Score:
    """The reply, or the first fenced block of it."""
    block = _FENCE.search(said)
    try:
        value = json.loads(block.group(1) if block else said)
    except (ValueError, RecursionError) as error:
        return _score(False, explanation=str(error))
    wrong = fault(value, json.loads(schema))
    return _score(not wrong, explanation=wrong)


async def _judged(sample: Sample, output: Output, bench: Bench) -> Score:
    if bench.judge is None:
        raise PrerequisiteError("evaluation.needs_judge", task=sample.id)
    prompt = text(
        "evaluation.rubric_prompt", bench.context.language, question=sample.input[-1].text(), rubric=sample.target,
        answer=output.text,
    )  # fmt: skip
    grade, said = await graded(prompt, bench.judge, bench.context, most=_MOST_GRADE)
    return Score(
        values={"accuracy": grade or 0.0},
        answer="?" if grade is None else f"{1 + 4 * grade:g}",
        explanation=said,
    )


def _is_near(found: str, expected: str, tolerance: str) -> bool:
    try:
        return abs(Decimal(found) - Decimal(expected.strip())) <= Decimal(tolerance or "0")
    except InvalidOperation:
        return False


def _decimal(words: str, param: str) -> None:
    try:
        is_number = Decimal(words.strip()).is_finite()
    except InvalidOperation:
        is_number = False
    if not is_number:
        raise UsageError("evaluation.no_number", param=param, value=words[:100])


def _score(holds: bool, answer: str = "", explanation: str = "") -> Score:
    return Score(values={"accuracy": float(holds)}, answer=answer, explanation=explanation)

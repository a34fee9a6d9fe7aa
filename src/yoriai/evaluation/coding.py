"""What exams of code share: the program in a reply, and its tests in the sandbox.

Source of prompt beginning and stops: github.com/evalplus/evalplus, provider/utility.py and sanitize.py (v0.3.1).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from yoriai.errors import PrerequisiteError
from yoriai.evaluation.task import Bench, Output, Score

BEGIN = (
    "Below is a Python script with a self-contained function that solves the problem and passes corresponding tests:\n"
    "```python\n"
)
STOPS = ("\nif __name__", "\ndef main(", "\nprint(", "\n```\n")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What `sanitize` of EvalPlus keeps of a program.
_KEPT = (*_FUNCTIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
_FENCE = re.compile(r"```[A-Za-z0-9+]*[ \t]*\n(.*?)(?:\n?```|\Z)", re.DOTALL)


def code_of(output: Output, name: str = "", prompt: str = "") -> str:
    """The program of a reply.

    Args:
        name: of the function that it has to define.
        prompt: what a reply that defines no such function goes on from.
    """
    code = _whole(_fenced(output, name))
    if prompt and not _defines(code, name):
        body = output.text if not _FENCE.search(output.text) else code
        code = _whole(prompt + body)
    return _definitions(code)


async def graded(bench: Bench, code: str, tests: Mapping[str, str]) -> Score:
    """By measure, whether all of its tests pass; where the first fail, the others aren't run."""
    if bench.grade is None:
        raise PrerequisiteError("evaluation.no_sandbox")
    values, explanation, holds = {}, "", True
    for measure, source in tests.items():
        if holds:
            holds, explanation = await bench.grade(code, source)
        values[measure] = float(holds)
    return Score(values=values, answer=code, explanation=explanation)


def _fenced(output: Output, name: str) -> str:
    """Of several blocks one that defines `name`, or the longest; an answer begun with a fence has no opening one."""
    begun = output.prompt[-1].text() if output.prompt and output.prompt[-1].role == "assistant" else ""
    text = output.text
    if begun.endswith("```python\n") and not text.startswith(begun):
        text = "```python\n" + text
    blocks = [block for block in _FENCE.findall(text) if block.strip()]
    return max(
        blocks,
        key=lambda block: (bool(name) and _defines(block, name), _is_whole(block), len(block)),
        default=text,
    )


def _whole(code: str) -> str:
    """Up to the last line with which it can still be read: a limit may have cut it off."""
    lines = code.rstrip().split("\n")
    for end in range(len(lines), max(0, len(lines) - 60), -1):
        part = "\n".join(lines[:end]) + "\n"
        if _is_whole(part):
            return part
    return code


def _definitions(code: str) -> str:
    """Without what a model appended to try its program out: its own tests are often wrong, and are not the exam's."""
    if not _is_whole(code):
        return code
    lines = code.encode().split(b"\n")
    kept = [each for each in ast.parse(code).body if isinstance(each, _KEPT)]
    if not any(isinstance(each, _FUNCTIONS) for each in kept):
        return code
    found = []
    for each in kept:
        first = min([each.lineno, *(mark.lineno for mark in getattr(each, "decorator_list", []))])
        found.append(b"\n".join(lines[first - 1 : each.end_lineno]))
    return b"\n".join(found).decode() + "\n"


def _is_whole(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _defines(code: str, name: str) -> bool:
    return bool(
        re.search(rf"^(?:async\s+)?def\s+{re.escape(name)}\s*\(|^{re.escape(name)}\s*=", code, re.MULTILINE)
    )

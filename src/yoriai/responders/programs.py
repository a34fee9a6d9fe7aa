"""The program in a reply: its code block, as far as it can be read, without what was appended to try it out.

Only parsed, never run. `testing_code` and exams of code grade what comes of it.
Source of the rules: github.com/evalplus/evalplus, sanitize.py (v0.3.1).
"""

from __future__ import annotations

import ast
import re

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What `sanitize` of EvalPlus keeps of a program.
_KEPT = (*_FUNCTIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
_FENCE = re.compile(r"```[A-Za-z0-9+]*[ \t]*\n(.*?)(?:\n?```|\Z)", re.DOTALL)


def program_of(text: str, name: str = "", prompt: str = "", *, is_begun: bool = False) -> str:
    """The program of a reply.

    Args:
        name: of the function that it has to define.
        prompt: what a reply that defines no such function goes on from.
        is_begun: the opening fence stands before the reply.
    """
    code = _whole(_fenced("```python\n" + text if is_begun else text, name))
    if prompt and not _defines(code, name):
        body = code if _FENCE.search(text) else text
        code = _whole(prompt + body)
    return _definitions(code)


def _fenced(text: str, name: str) -> str:
    """Of several blocks one that defines `name`, or the longest."""
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

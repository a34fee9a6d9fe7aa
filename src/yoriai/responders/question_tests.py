"""Tests that stand in a question: asserts, and examples as at Python's prompt (>>>) with what they give.

Only read, never run; `testing_code` runs them. Knows neither replies nor models.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from yoriai.types import Message

_MOST, _LONGEST, _MOST_LINES = 32, 20_000, 20  # tests, characters that are read, lines of one assert
_EXAMPLE = re.compile(r"[ \t]*>>>[ \t]+(?P<code>\S.*)")
_MORE = re.compile(r"[ \t]*\.\.\.(?:[ \t](?P<code>.*))?$")
_ASSERT = re.compile(
    r"(?:|.*[\s.:。：`])(?P<code>assert\s.*?)`{0,2}[ \t]*$"
)  # also behind a sentence or a bullet
_IMPORT = re.compile(r"(?:import|from)[ \t]+(?P<module>\w+)\b")
# The message of an assert that compares: what stands after it is what the program gave.
GAVE = "it gave "
_GIVES = "_found, _wanted = ({found}), ({wanted})\nassert _found == _wanted, 'it gave ' + repr(_found)[:150]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tests:
    """`name`: of the function that they call most. `shown`: each test as people read it."""

    name: str
    shown: tuple[str, ...]
    sources: tuple[str, ...]  # each of them, to be run by itself


def asked_tests(messages: Sequence[Message]) -> Tests | None:
    """Of the last thing asked that holds any; None: nothing does."""
    asked = (each.text() for each in reversed(messages) if each.role == "user")
    return next((found for question in asked if (found := read_tests(question))), None)


def read_tests(question: str) -> Tests | None:
    """At most 32. What can't be read as Python, or calls nothing, is no test."""
    lines = question[:_LONGEST].splitlines()
    before: list[str] = []  # imports, and examples that give nothing
    found: list[tuple[str, str, str]] = []
    for test in _tests(lines, before):
        calls = _called(ast.parse(test[2]))
        if calls and test not in found:
            found.append((test[0], "\n".join([*before, test[1]]), test[2]))
    if not found:
        return None
    names = Counter(name for _, _, looked in found for name in _called(ast.parse(looked)))
    shown, sources, _ = zip(*found[:_MOST], strict=True)
    return Tests(name=names.most_common(1)[0][0], shown=shown, sources=sources)


def _tests(lines: list[str], before: list[str]) -> Iterator[tuple[str, str, str]]:
    """Each as shown, as run, what it looks at. What they rest on is put into `before` as it comes."""
    for at, line in enumerate(lines):
        if match := _EXAMPLE.match(line):
            test = _example(match["code"], lines[at + 1 :], before)
        elif (match := _ASSERT.match(line)) and not _is_inside_function(lines, at):
            test = _assert(match["code"], lines[at + 1 :])
        else:
            test = None
            match = _IMPORT.match(line)
            if match and match["module"] in sys.stdlib_module_names and _tree(line):
                before.append(line)
        if test:
            yield test


def _assert(code: str, rest: list[str]) -> tuple[str, str, str] | None:
    for more in range(min(_MOST_LINES, len(rest) + 1)):
        whole = "\n".join([code, *rest[:more]])
        tree = _tree(whole)
        if tree and len(tree.body) == 1 and isinstance(tree.body[0], ast.Assert):
            test = tree.body[0].test
            if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
                found, wanted = ast.unparse(test.left), ast.unparse(test.comparators[0])
                return whole, _GIVES.format(found=found, wanted=wanted), found
            return whole, ast.unparse(tree), ast.unparse(test)
    return None


def _example(code: str, rest: list[str], before: list[str]) -> tuple[str, str, str] | None:
    """An example whose result is a literal; one without a result is what later ones rest on."""
    further = 0
    for further, line in enumerate([*rest, ""]):  # noqa: B007 - where the first line that isn't code stands
        match = _MORE.match(line)
        if not match:
            break
        code += "\n" + (match["code"] or "")
    tree, wanted = _tree(code), _result(rest[further:])
    if tree is None or not tree.body:
        return None
    if not wanted:
        before.append(ast.unparse(tree))
        return None
    if not isinstance(tree.body[0], ast.Expr) or len(tree.body) > 1 or not _is_literal(wanted):
        return None
    found = ast.unparse(tree)
    return f"{found} == {wanted}", _GIVES.format(found=found, wanted=wanted), found


def _result(lines: list[str]) -> str:
    """What stands below an example, up to an empty line, the next example or the end of its docstring."""
    kept = []
    for line in lines[:_MOST_LINES]:
        bare = line.strip()
        if not bare or bare.startswith((">>>", '"""', "'''", "```")):
            break
        kept.append(bare)
    return "\n".join(kept)


def _is_literal(code: str) -> bool:
    try:
        ast.literal_eval(code)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False
    return True


def _tree(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _is_inside_function(lines: list[str], at: int) -> bool:
    """Whether the line belongs to a program that was quoted, and means names that only live there."""
    indent = _indent(lines[at])
    above = (each for each in reversed(lines[:at]) if each.strip() and _indent(each) < indent)
    return (
        next(above, "").lstrip().startswith(("def ", "async def ", "if ", "for ", "while ", "with ", "else:"))
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _called(tree: ast.AST) -> list[str]:
    """Names that are called and are none of Python's own."""
    called = (each.func for each in ast.walk(tree) if isinstance(each, ast.Call))
    return [each.id for each in called if isinstance(each, ast.Name) and not hasattr(builtins, each.id)]
